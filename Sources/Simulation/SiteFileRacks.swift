/// What hangs in the racks of a simulated site: each outlet of their PDUs feeds one thing on both
/// feeds, so that an elevation tells what draws how much.
extension SiteFileText {
    /// The probe of a rack hangs at its front door, at half height.
    static let probeUnit = 24
    /// Those of its PDUs, one before and one behind it.
    static let topProbeUnit = 40

    static let layouts = """
        layouts:
          top:
            - {name: 光纤配线架, u: 47, kind: panel}
            - {name: 理线架, u: 46, kind: panel}
            - {name: 接入交换机, u: 45, kind: network, outlets: [A12, B12]}
          compute:
            - top
            - range: "服务器 [01..11]"
              u: 3
              height: 2
              kind: server
              outlets: ["A{n}", "B{n}"]
            - {kind: blank, u: 25..44}
          web:
            - top
            - {range: "服务器 [01..11]", u: 20, kind: server, outlets: ["A{n}", "B{n}"]}
            - {kind: blank, u: 5..19}
            - {kind: blank, u: 31..44}
          storage:
            - top
            - range: "存储节点 [01..11]"
              u: 1
              height: 4
              kind: storage
              outlets: ["A{n}", "B{n}"]
          network:
            - {range: "配线架 [1..4]", u: 44, kind: panel}
            - range: "核心交换机 [1..2]"
              u: 30
              height: 6
              kind: network
              outlets: ["A{n}", "B{n}"]
            - range: "汇聚交换机 [1..8]"
              u: 20
              kind: network
              outlets: ["A{n + 2}", "B{n + 2}"]
            - range: "网管服务器 [1..2]"
              u: 10
              height: 2
              kind: server
              outlets: ["A{n + 10}", "B{n + 10}"]
            - {kind: blank, u: 14..19}

        """

    static func layout(_ workload: Workload) -> String {
        switch workload {
        case .network: "network"
        case .web: "web"
        case .storage: "storage"
        case .batch, .compute: "compute"
        }
    }
}
