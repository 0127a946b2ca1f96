import ArgumentParser
import ConfigTree
import Daemon
import Platform
import ProfileProof
import Profiles

/// `frostline profiles test`: profiles against recordings, without any network.
struct ProfilesTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run profiles against recordings of devices.",
        discussion: """
            Without --corpus each profile is run against the recordings that belong to it, in the \
            folder `recordings` beside it, and must give the readings expected there. With \
            --corpus the library is run against a folder of recordings with the values that \
            another program made of them (`snmp/index.csv`, `expected_all.csv`, `snmprec/`).
            """)

    @Argument(help: "Profile files; all profiles of the library where none is named.")
    var files: [String] = []

    @OptionGroup var profileFolders: ProfileFolders

    @Flag(help: "Write the readings of recordings that have no expectation yet, to be checked.")
    var accept = false

    @Flag(help: "With --accept and FILE: replace expectations that differ, after showing how.")
    var replace = false

    @Option(help: "A folder of recordings and of values others made of them.")
    var corpus: String?

    @Option(parsing: .upToNextOption, help: "Only these recordings of the corpus.")
    var only: [String] = []

    @Flag(help: "Print the fate of each value.")
    var verbose = false

    @Flag(help: "Which devices of the corpus's lists are claimed by whom.")
    var identify = false

    @Option(help: "A page whose table has a reason for each difference; one without is an error.")
    var explained: String?

    @Flag(help: "Print the tables of docs/PROFILES-COVERAGE.md.")
    var markdown = false

    @Flag(help: "Print JSON.")
    var json = false

    /// Far above the largest recording, of a chassis.
    private static let maximumBytes = 64 << 20

    static let reader = FolderReader(
        read: { try? FileIO.read($0, maximumBytes: maximumBytes) }, list: { FileIO.list($0) })

    func run() throws {
        guard !replace || (accept && !files.isEmpty) else {
            throw CommandFailure(.usage, "--replace goes with --accept and the profile's FILE")
        }
        if let corpus, !FileIO.isDirectory(corpus) {
            throw CommandFailure(.usage, "--corpus \(corpus): there is no such folder")
        }
        let loader = try profileFolders.loader()
        var diagnostics = Diagnostics()
        let library = loader.profiles(&diagnostics)
        Output.diagnostics(diagnostics.sorted.map(\.description))
        let isGood = try corpus.map { try runCorpus($0, library) } ?? runLibrary(loader, library)
        if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        if !isGood { throw ExitCode(CommandFailure.Code.no.rawValue) }
    }

    // MARK: A corpus

    private func runCorpus(_ folder: String, _ library: ProfileLibrary) throws -> Bool {
        let corpus = Corpus(folder, Self.reader)
        if identify {
            let proof = IdentificationProof(corpus, library)
            proof.lines.forEach { Output.line(Output.clean($0)) }
            return proof.wrongClaims == 0
        }
        let notes = try explained.map { path in
            CoverageNotes([try FileIO.readText(path, maximumBytes: Self.maximumBytes)])
        }
        let proof = CorpusProof(corpus, library, only: only)
        let summary = CorpusSummary(proof)
        if json {
            try Output.json(summary)
        } else if markdown {
            proof.page(notes ?? CoverageNotes()).forEach { Output.line(Output.clean($0)) }
        } else {
            proof.lines(isVerbose: verbose).forEach { Output.line(Output.clean($0)) }
        }
        if json || markdown { proof.problems.forEach { Output.note("corpus: " + $0) } }
        var isGood = summary.suspectReproduced == 0
        if let notes {
            let open = proof.unexplained(notes)
            open.forEach { Output.note("not explained: " + Output.clean($0)) }
            isGood = isGood && open.isEmpty
        }
        return isGood
    }

    // MARK: The library's own recordings

    private struct Row: Encodable {
        var profile: String
        var recording: String
        var points: Int
        var result: String
        var differences: [String]
        var warnings: [String]
    }

    private func runLibrary(
        _ loader: ConfigurationLoader, _ library: ProfileLibrary
    ) throws -> Bool {
        var proof = LibraryProof()
        let chosen = try chosen(loader, library)
        // A file may lie outside the library: it is known here all the same.
        let library = library.adding(chosen.map(\.0))
        for (profile, folder) in chosen {
            proof.add(profile, folder: folder, library, Self.reader)
        }
        let written = accept ? try writeExpectations(&proof) : []
        if json {
            try Output.json(
                proof.results.map {
                    Row(
                        profile: $0.profile, recording: $0.recording, points: $0.lines.count,
                        result: $0.word, differences: $0.differences, warnings: $0.warnings)
                })
        } else {
            proof.lines.forEach { Output.line(Output.clean($0)) }
        }
        for path in written {
            Output.note("\(path): written; check every line against the device's document")
        }
        return proof.isGood
    }

    /// Profiles with the folders that their recordings are in.
    private func chosen(
        _ loader: ConfigurationLoader, _ library: ProfileLibrary
    ) throws -> [(Profile, String)] {
        if files.isEmpty {
            let folders = loader.profileFolders.map { $0 + "/recordings" }.reversed()
            return library.names.compactMap { name in
                guard let profile = library[name] else { return nil }
                let own = folders.first { FileIO.isDirectory($0 + "/" + name) }
                return (profile, own ?? folders.last ?? ".")
            }
        }
        var diagnostics = Diagnostics()
        var result: [(Profile, String)] = []
        if let vocabulary = loader.vocabulary(&diagnostics) {
            for file in files {
                guard let profile = loader.profile(at: file, vocabulary, &diagnostics) else {
                    continue
                }
                let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
                result.append((profile, folder + "/recordings"))
            }
        }
        Output.diagnostics(diagnostics.sorted.map(\.description))
        if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        return result
    }

    private func writeExpectations(_ proof: inout LibraryProof) throws -> [String] {
        try proof.accept(replacing: replace) { path, lines in
            let text = lines.map { $0 + "\n" }.joined()
            do throws(PlatformError) {
                try FileIO.writeAtomically(Array(text.utf8), to: path)
            } catch {
                throw CommandFailure(.usage, "\(path) cannot be written: \(error.reason)")
            }
        }
    }
}
