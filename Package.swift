// swift-tools-version:6.2
import PackageDescription

// Layers, lowest first; a target may depend on targets of lower layers only, as docs/ARCHITECTURE.md
// lists. `swift build --explicit-target-dependency-import-check error` proves it in CI.

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let argumentParser: Target.Dependency =
    .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency =
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

/// A Swift target in `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of one target in `Tests/<name>Tests`.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies, path: "Tests/\(name)Tests",
        exclude: exclude, swiftSettings: swiftSettings)
}

/// A C target with an opaque header; `libraries` are linked with it.
func shims(_ name: String, libraries: [String] = []) -> Target {
    .target(name: name, linkerSettings: libraries.map { .linkedLibrary($0) })
}

let package = Package(
    name: "frostline-dcim",
    products: [
        .executable(name: "frostline", targets: ["FrostlineExecutable"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // 0: C libraries.
        .systemLibrary(
            name: "CModbus", pkgConfig: "libmodbus", providers: [.apt(["libmodbus-dev"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CXlsxWriter", pkgConfig: "xlsxwriter",
            providers: [.apt(["libxlsxwriter-dev"])]),
        shims("CNetSNMPShims", libraries: ["netsnmp"]),
        shims("CCurlShims", libraries: ["curl"]),
        shims("CTerminfoShims", libraries: ["tinfo"]),
        shims("CPlatform"),
        shims("CCrypto", libraries: ["crypto"]),

        // 2 (part): what wrappers may know of the core.
        module("ConfigTree", []),
        module("Screen", []),

        // 1: wrappers, one per C library or outside format.
        module("Platform", ["CPlatform"]),
        module("Modbus", ["CModbus", "CPlatform"]),
        module("SNMP", ["CNetSNMPShims"]),
        module("SNMPSecurity", ["CCrypto", "SNMPWire"]),
        module("SQLite", ["CSQLite"]),
        module("Digest", ["CCrypto"]),
        module("HTTPClient", ["CCurlShims"]),
        module("Spreadsheet", ["CXlsxWriter"]),
        module("Terminal", ["CTerminfoShims", "CPlatform", "Screen"]),
        module("YAML", ["ConfigTree", yams]),

        // 2: the pure core.
        module("Model", []),
        module("Profiles", ["Model", "ConfigTree"]),
        module("SiteFile", ["Model", "ConfigTree", "Profiles"]),
        module("Schedule", ["Model"]),
        module("Alarms", ["Model"]),
        module("Energy", ["Model", "ConfigTree"]),
        module("Views", ["Model"]),
        module("PowerFlow", ["Views"]),
        module("SNMPWire", ["Model"]),
        module("Recordings", ["Model"]),
        module("Redundancy", ["Model"]),
        module("Interchange", ["Model"]),
        module("Fleet", ["Energy", "Interchange", "Model"]),
        module("ProfileProof", ["ConfigTree", "Model", "Profiles", "Recordings"]),

        // 3: engines; none imports another.
        module(
            "Polling",
            ["Model", "Schedule", "SNMPWire", "SNMPSecurity", "Modbus", "Platform"]),
        module("Store", ["Digest", "Model", "SQLite", "Platform"]),
        module("Notify", ["Digest", "HTTPClient", "Model", "Platform", "SNMP"]),
        module("Reporting", ["Model", "Energy", "Spreadsheet"]),
        module("Serve", ["Model", "Views", hummingbird, lifecycle, logging]),
        module(
            "Console",
            [
                "ConfigTree", "Energy", "Fleet", "HTTPClient", "Model", "Platform", "PowerFlow",
                "Screen", "Terminal", "Views",
            ]),
        module("Simulation", ["Model", "SNMP", "Modbus", "Platform", "Recordings"]),

        // 4: composition.
        module(
            "Daemon",
            [
                "Alarms", "ConfigTree", "Energy", "Fleet", "HTTPClient", "Interchange", "Model",
                "Notify", "Platform", "Polling", "Profiles", "Redundancy", "SNMPSecurity", "Serve",
                "SiteFile", "Store", "Views", "YAML", logging,
            ]),
        module(
            "CommandLine",
            [
                "Alarms", "ConfigTree", "Console", "Daemon", "Energy", "Fleet", "HTTPClient",
                "Interchange", "Model", "Notify", "Platform", "Polling", "PowerFlow",
                "ProfileProof", "Profiles", "Recordings", "Reporting", "Screen", "Serve",
                "Simulation", "SiteFile", "Store", "Views", "YAML",
                argumentParser, logging,
            ]),
        .executableTarget(
            name: "FrostlineExecutable", dependencies: ["CommandLine"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "ModbusBenchmark",
            dependencies: ["ConfigTree", "Model", "Platform", "Polling", "Profiles", "YAML"],
            path: "Benchmarks/ModbusBenchmark", swiftSettings: swiftSettings),

        // Measures polling; Benchmarks/poll runs it.
        .executableTarget(
            name: "PollBenchmark",
            dependencies: ["ConfigTree", "Model", "Platform", "Polling", "Profiles", "YAML"],
            path: "Benchmarks/PollBenchmark", exclude: ["pdu50.yaml", "pdu120.yaml"],
            swiftSettings: swiftSettings),

        // What each kind of alarm rule costs: `swift run -c release RuleBenchmark`.
        .executableTarget(
            name: "RuleBenchmark", dependencies: ["Alarms", "Model"],
            path: "Benchmarks/RuleBenchmark", swiftSettings: swiftSettings),

        // Settles a year of one site.
        .executableTarget(
            name: "EnergyBenchmark",
            dependencies: ["ConfigTree", "Energy", "Model", "Platform", "YAML"],
            path: "Benchmarks/EnergyBenchmark", swiftSettings: swiftSettings),

        // Measures the store on generated data.
        .executableTarget(
            name: "StoreBenchmark", dependencies: ["Model", "Platform", "Store"],
            path: "Benchmarks/StoreBenchmark", swiftSettings: swiftSettings),

        // Draws frames of the console; Benchmarks/console runs it.
        .executableTarget(
            name: "ConsoleBenchmark",
            dependencies: ["Console", "Platform", "Screen", "Terminal", "Views"],
            path: "Benchmarks/ConsoleBenchmark", swiftSettings: swiftSettings),

        // The store under faults; `make faults` runs it.
        .executableTarget(
            name: "FaultSubject",
            dependencies: ["Alarms", "Model", "Notify", "Platform", "Store", "TestSupport"],
            path: "Tests/Faults/Subject", swiftSettings: swiftSettings),

        // Many sites that forward to one engine; Benchmarks/fleet runs it.
        .executableTarget(
            name: "FleetBenchmark",
            dependencies: ["Daemon", "Model", "Platform", "Store", "Views", logging],
            path: "Benchmarks/FleetBenchmark", swiftSettings: swiftSettings),

        // Measures the alarm engine: `swift run -c release AlarmBenchmark FOLDER`.
        .executableTarget(
            name: "AlarmBenchmark", dependencies: ["Alarms", "Model", "Platform", "Store"],
            path: "Benchmarks/AlarmBenchmark", swiftSettings: swiftSettings),

        // Throws broken messages at the decoders; `make fuzz` runs it.
        .executableTarget(
            name: "DecoderFuzz",
            dependencies: [
                "ConfigTree", "Modbus", "Model", "Platform", "Profiles", "Recordings",
                "SNMPSecurity", "SNMPWire", "YAML",
            ],
            path: "Tests/DecoderFuzz", swiftSettings: swiftSettings),

        // Tests.
        .target(
            name: "TestSupport", dependencies: [], path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        tests("Model", ["Model"]),
        tests("ConfigTree", ["ConfigTree", "YAML"]),
        tests("Platform", ["Platform"]),
        tests("Modbus", ["Modbus", "Platform", "TestSupport"]),
        tests("SNMP", ["SNMP"]),
        tests("SNMPWire", ["SNMPWire", "SNMP", "Model"]),
        tests(
            "SNMPSecurity",
            ["SNMPSecurity", "SNMPWire", "SNMP", "Polling", "Model", "Platform", "TestSupport"]),
        tests("SQLite", ["SQLite"]),
        tests("HTTPClient", ["HTTPClient", "TestSupport"]),
        tests("Profiles", ["Profiles", "Model", "ConfigTree", "YAML", "TestSupport"]),
        tests(
            "ProfileProof",
            [
                "ProfileProof", "Profiles", "Recordings", "Model", "ConfigTree", "YAML",
                "TestSupport",
            ]),
        tests("SiteFile", ["SiteFile", "Profiles", "Model", "ConfigTree", "YAML", "TestSupport"]),
        tests("Schedule", ["Schedule", "Model", "TestSupport"]),
        tests("Redundancy", ["Redundancy", "Model"]),
        tests("Interchange", ["Interchange", "Model", "TestSupport"]),
        tests("Fleet", ["Energy", "Fleet", "Model"]),
        tests("Alarms", ["Alarms", "Model", "TestSupport"]),
        tests(
            "Energy", ["ConfigTree", "Digest", "Energy", "Model", "TestSupport", "YAML"],
            exclude: ["README.md"]),
        tests("PowerFlow", ["PowerFlow", "TestSupport"]),
        tests("Views", ["Model", "Views", "TestSupport"]),
        tests("Screen", ["Screen", "TestSupport"]),
        tests(
            "Polling",
            ["Polling", "Schedule", "Model", "SNMP", "SNMPWire", "Modbus", "Platform"]),
        tests("Store", ["Store", "Model", "SQLite", "Platform", "TestSupport"]),
        tests("Notify", ["Notify", "Model", "HTTPClient", "TestSupport"]),
        tests(
            "Reporting", ["Reporting", "Energy", "Model", "ConfigTree", "YAML", "TestSupport"]),
        tests(
            "Console",
            [
                "Console", "Energy", "Fleet", "Model", "Views", "Screen", "Terminal", "ConfigTree",
                "YAML", "TestSupport",
            ]),
        tests(
            "Simulation",
            [
                "Simulation", "Energy", "Model", "SNMP", "Modbus", "Platform", "Polling",
                "Profiles",
                "Recordings", "SiteFile", "ConfigTree", "YAML", "TestSupport",
            ]),
        tests(
            "Daemon",
            [
                "ConfigTree", "Daemon", "Energy", "Model", "Platform", "Polling", "Profiles",
                "Redundancy", "SNMPSecurity", "Serve", "Simulation", "Store", "TestSupport",
                "Views", "YAML", logging,
            ]),
        tests("Tidy", ["TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
