import Glibc
import Model
import Platform
import Store

// FaultSubject write FOLDER SEED BASE [readings=60] [rounds=1] [batch=6] [pause=0] [settle=150]
//     [buffer=BYTES] [backup=FOLDER] [hold=1] [lies=1]
// FaultSubject check
//     reads `FOLDER SEED BASE READINGS ENTRIES EVENTS [dropped=N] [repaired]`, a line each, from
//     standard input and answers each with `ok READINGS ENTRIES EVENTS` or `bad …`
// FaultSubject look         the same for stores that may be damaged, which it does not open for
//     writing: `found` where the damage is told, `same` where everything is as it was
// FaultSubject restore BACKUPS FOLDER
// FaultSubject alarms FOLDER SEED BASE [steps=40] [torn=1]
//     alarms, persons, escalations and receivers on the store (`AlarmLife`)
// FaultSubject alarms-check
//     reads `FOLDER SEED BASE CHANGES FILE`, a line each; FILE has the lines `o …` and `x …` of the
//     lives before. Answers with `ok CHANGES MESSAGES` or `bad …`
//
// What `run` runs, under faults: the product's store, and readings that anyone can compute.

struct Usage: Error, CustomStringConvertible {
    var description: String
}

/// One write for each line: what is said must be out when the next thing happens.
func say(_ line: String) {
    let bytes = Array((line.split(separator: "\n").joined(separator: " ") + "\n").utf8)
    _ = write(1, bytes, bytes.count)
}

func number(_ text: some StringProtocol) throws -> Int {
    guard let number = Int(text) else { throw Usage(description: "no number: \(text)") }
    return number
}

func writing(_ arguments: [String]) throws -> Writing {
    guard arguments.count >= 3 else { throw Usage(description: "write FOLDER SEED BASE …") }
    let story = Story(
        seed: UInt64(try number(arguments[1])), base: Int64(try number(arguments[2])))
    var writing = Writing(folder: arguments[0], story: story)
    for argument in arguments.dropFirst(3) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw Usage(description: argument) }
        switch parts[0] {
        case "readings": writing.readings = try number(parts[1])
        case "rounds": writing.rounds = try number(parts[1])
        case "batch": writing.batch = max(1, try number(parts[1]))
        case "pause": writing.pause = UInt32(try number(parts[1]))
        case "settle": writing.settle = UInt32(try number(parts[1]))
        case "buffer": writing.bufferBytes = try number(parts[1])
        case "backup": writing.backup = parts[1]
        case "hold": writing.holdsReader = true
        case "lies": writing.lies = true
        default: throw Usage(description: argument)
        }
    }
    return writing
}

func checking(_ line: String) throws -> Checking {
    let words = line.split(separator: " ").map(String.init)
    guard words.count >= 6 else { throw Usage(description: line) }
    let numbers = try words[1..<6].map { try number($0) }
    var checking = Checking(
        folder: words[0], story: Story(seed: UInt64(numbers[0]), base: Int64(numbers[1])),
        acknowledged: Checking.Found(
            readings: numbers[2], entries: numbers[3], events: numbers[4]))
    for word in words[6...] {
        let parts = word.split(separator: "=")
        switch parts.first {
        case "dropped" where parts.count == 2: checking.dropped = try number(parts[1])
        case "repaired": checking.mayBeRepaired = true
        default: throw Usage(description: word)
        }
    }
    return checking
}

func check(_ line: String) throws -> String {
    let found = try checking(line).run()
    return "ok \(found.readings) \(found.entries) \(found.events)"
}

func look(_ line: String) throws -> String {
    try checking(line).lookAtDamaged() == nil ? "found" : "same"
}

func alarms(_ arguments: [String]) throws {
    guard arguments.count >= 3 else { throw Usage(description: "alarms FOLDER SEED BASE …") }
    var steps = 40
    var isTorn = false
    for argument in arguments.dropFirst(3) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        switch parts.first {
        case "steps" where parts.count == 2: steps = try number(parts[1])
        case "torn": isTorn = true
        default: throw Usage(description: argument)
        }
    }
    var life = try AlarmLife(
        folder: arguments[0], seed: UInt64(try number(arguments[1])),
        base: Int64(try number(arguments[2])), isTorn: isTorn)
    try life.run(steps: steps)
    try life.close()
    say("done \(life.changes)")
}

func checkAlarms(_ line: String) throws -> String {
    let words = line.split(separator: " ").map(String.init)
    guard words.count == 5 else { throw Usage(description: line) }
    let text = try FileIO.readText(words[4], maximumBytes: 64 << 20)
    let told = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        .filter { $0.count == 3 }
    var checking = AlarmChecking(
        folder: words[0], seed: UInt64(try number(words[1])), base: Int64(try number(words[2])),
        acknowledged: try number(words[3]),
        heard: told.filter { $0[0] == "o" }.map { AlarmLife.Heard(receiver: $0[1], key: $0[2]) },
        refused: Set(told.filter { $0[0] == "x" }.map { $0[2] }))
    let found = try checking.run()
    return "ok \(found.changes) \(found.heard)"
}

func answerEach(_ answer: (String) throws -> String) {
    while let line = readLine() {
        do { say(try answer(line)) } catch { say("bad \(error)") }
    }
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch arguments.first {
    case "write":
        try writing(Array(arguments.dropFirst())).run()
    case "check":
        answerEach(check)
    case "look":
        answerEach(look)
    case "alarms":
        try alarms(Array(arguments.dropFirst()))
    case "alarms-check":
        answerEach(checkAlarms)
    case "restore" where arguments.count == 3:
        let summary = try Backup.restore(from: arguments[1], to: arguments[2])
        say("restored \(summary.file.number)")
    default:
        throw Usage(description: "write, check, look, restore, alarms or alarms-check")
    }
    exit(0)
} catch {
    say("error \(error)")
    exit(1)
}
