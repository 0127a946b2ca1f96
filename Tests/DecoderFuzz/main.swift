import Glibc
import Platform
import Synchronization

// Throws mutated messages at the decoders of what comes from the network: none may trap, and none
// may believe what was not said. Ends with 1 and the input where one does.

let usage = """
    DecoderFuzz [--inputs N] [--seed S] [--threads T] [--only snmp|snmpv3|modbus]
        [--profiles DeviceProfiles [--polls N]]

    N messages in all (10,000,000): 80 % for snmp, 15 % for modbus, 5 % for snmpv3, whose every one
    costs an HMAC; with --profiles N broken polls (100,000) of all profiles of that folder besides.
    The same seed makes the same inputs.

    """

func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(descriptor, bytes, bytes.count)
}

func stop(_ text: String) -> Never {
    write("DecoderFuzz: \(text)\n", to: 2)
    exit(1)
}

struct Plan {
    var inputs = 10_000_000
    var seed: UInt64 = 1
    var threads = 2
    var only: String?
    var profiles: String?
    var polls = 100_000

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { Self.refuse() }
            switch name {
            case "--inputs": inputs = Int(value) ?? 0
            case "--seed": seed = UInt64(value) ?? 0
            case "--threads": threads = Int(value) ?? 0
            case "--only": only = value
            case "--profiles": profiles = value
            case "--polls": polls = Int(value) ?? 0
            default: Self.refuse()
            }
        }
        guard inputs > 0, polls > 0, (1...64).contains(threads) else { Self.refuse() }
    }

    private static func refuse() -> Never {
        write(usage, to: 2)
        exit(2)
    }
}

func fuzz(_ target: some FuzzTarget, inputs: Int, seed: UInt64) -> Int {
    var target = target
    var mutator = Mutator(seeds: target.seeds, seed: seed)
    var bytes: [UInt8] = []
    var accepted = 0
    for _ in 0..<inputs {
        mutator.next(into: &bytes)
        if target.run(&bytes, origin: mutator.origin, random: { mutator.number(below: $0) }) {
            accepted += 1
        }
    }
    return accepted
}

let plan = Plan(Array(CommandLine.arguments.dropFirst()))
let shares: [(name: String, share: Int, run: @Sendable (Int, UInt64) throws -> Int)] = [
    ("snmp", 80, { fuzz(SNMPTarget(), inputs: $0, seed: $1) }),
    ("modbus", 15, { fuzz(ModbusTarget(), inputs: $0, seed: $1) }),
    ("snmpv3", 5, { fuzz(try SecuredTarget(), inputs: $0, seed: $1) }),
]
for (name, share, run) in shares where plan.only == nil || plan.only == name {
    let wanted = plan.only == nil ? max(1, plan.inputs / 100 * share) : plan.inputs
    let start = Clocks.monotonicNanoseconds()
    let accepted = ConditionLock(0)
    do {
        let threads = try (0..<plan.threads).map { number in
            try NativeThread(name: "fuzz") {
                let inputs = (wanted + number) / plan.threads
                do {
                    let found = try run(inputs, plan.seed &* 1_000 &+ UInt64(number))
                    accepted.update { $0 += found }
                } catch { stop("\(error)") }
            }
        }
        for thread in threads { thread.join() }
    } catch { stop("\(error)") }
    let seconds = Double(Clocks.monotonicNanoseconds() - start) / 1e9
    let taken = accepted.update { $0 }
    // Of so many some must pass, or the seeds are none.
    guard wanted < 10_000 || (taken > 0 && taken < wanted) else {
        stop("\(name): \(taken) of \(wanted) accepted")
    }
    write("\(name): \(wanted) inputs, \(taken) accepted, \(Int(seconds)) s\n", to: 1)
}

if let folder = plan.profiles {
    do {
        var target = try ProfileTarget(folder: folder, seed: plan.seed)
        let (good, all) = target.run(polls: plan.polls)
        guard good > 0, good < all else { stop("profiles: \(good) of \(all) values good") }
        write("profiles: \(plan.polls) polls, \(good) of \(all) values good\n", to: 1)
    } catch { stop("\(error)") }
}
