package import Model

/// What a site has, counted, for `frostline check`.
package struct SiteSummary: Sendable, Hashable, CustomStringConvertible {
    package var name: String
    package var halls = 0
    package var rows = 0
    package var racks = 0
    package var snmpDevices = 0
    package var modbusDevices = 0
    package var powerNodes: Int
    package var coolingUnits: Int
    package var meters: Int
    package var alarmRules: Int
    package var hooks: Int
    package var subsidiaries: Int
    package var ratedITWatts: Int64

    package var devices: Int { snmpDevices + modbusDevices }

    package init(_ site: Site) {
        name = site.name
        powerNodes = site.powerNodes.count
        coolingUnits = site.coolingUnits.count
        meters = site.meters.count
        alarmRules = site.alarmRules.count
        hooks = site.hooks.count
        subsidiaries = site.subsidiaries.count
        ratedITWatts = site.ratedITWatts
        for place in site.places {
            switch place.kind {
            case .hall: halls += 1
            case .row: rows += 1
            case .rack: racks += 1
            case .room: break
            }
        }
        for device in site.devices {
            switch device.transport {
            case .snmp: snmpDevices += 1
            case .modbusTCP, .modbusRTU: modbusDevices += 1
            }
        }
    }

    /// Each figure with its name, in the order in which they are printed.
    package var figures: [(name: String, value: Int64)] {
        [
            ("halls", Int64(halls)), ("rows", Int64(rows)), ("racks", Int64(racks)),
            ("devices", Int64(devices)), ("snmpDevices", Int64(snmpDevices)),
            ("modbusDevices", Int64(modbusDevices)), ("powerNodes", Int64(powerNodes)),
            ("coolingUnits", Int64(coolingUnits)), ("meters", Int64(meters)),
            ("alarmRules", Int64(alarmRules)), ("hooks", Int64(hooks)),
            ("subsidiaries", Int64(subsidiaries)), ("ratedITWatts", ratedITWatts),
        ]
    }

    /// `lvliang-1: 2 halls, 40 racks (320 kW), 103 devices (…), …`.
    package var description: String {
        func count(_ number: Int, _ word: String, _ plural: String? = nil) -> String {
            "\(number) " + (number == 1 ? word : plural ?? word + "s")
        }
        return name + ": "
            + [
                count(halls, "hall"), count(rows, "row"),
                count(racks, "rack") + " rated \(ratedITWatts / 1000) kW",
                count(devices, "device")
                    + " (\(snmpDevices) SNMP, \(modbusDevices) Modbus)",
                count(powerNodes, "power node"), count(coolingUnits, "cooling unit"),
                count(meters, "meter"), count(alarmRules, "alarm rule"), count(hooks, "hook"),
                count(subsidiaries, "subsidiary", "subsidiaries"),
            ].joined(separator: ", ")
    }
}
