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
//
// What faults.py runs, under faults: the product's store, and readings that anyone can compute.

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
    case "restore" where arguments.count == 3:
        let summary = try Backup.restore(from: arguments[1], to: arguments[2])
        say("restored \(summary.file.number)")
    default:
        throw Usage(description: "write, check or restore")
    }
    exit(0)
} catch {
    say("error \(error)")
    exit(1)
}
