// StoreBenchmark ingest SERIES.csv DATA.rec FOLDER [SAMPLES]   writes what dcimgen has made
// StoreBenchmark import SERIES.csv DATA.rec FOLDER   the same, straight into chunks
// StoreBenchmark settle FOLDER                       makes the rollups and the hash chain that
//                                                    are due, until standard input ends
// StoreBenchmark query SERIES.csv FOLDER [RUNS]      asks the six questions of the comparison
// StoreBenchmark answers SERIES.csv FOLDER           prints their answers
// StoreBenchmark codec SERIES.csv DATA.rec [POLLS]   encodes and decodes in memory
// StoreBenchmark pace SERIES.csv DATA.rec FOLDER RATE SKIP     goes on at so many samples a second
// StoreBenchmark start SERIES.csv FOLDER             opens the store as a daemon does
//
// Prints `figure value` lines; CPU times are user and system time of this process.

func number(_ words: [String], _ index: Int, or standard: Int) -> Int {
    guard words.count > index else { return standard }
    guard let value = Int(words[index]), value > 0 else { fail("\(words[index]) is no number") }
    return value
}

let words = CommandLine.arguments
do {
    switch (words.dropFirst().first, words.count) {
    case ("ingest", 5...6):
        try ingest(words[2], words[3], words[4], limit: number(words, 5, or: .max))
    case ("import", 5): try importHistory(words[2], words[3], words[4])
    case ("settle", 3): try settle(words[2])
    case ("query", 4...5): try query(words[2], words[3], runs: number(words, 4, or: 15))
    case ("answers", 4): try answers(words[2], words[3])
    case ("codec", 4...5): try codec(words[2], words[3], polls: number(words, 4, or: 360))
    case ("pace", 7):
        try pace(
            words[2], words[3], words[4], rate: number(words, 5, or: 1),
            skip: number(words, 6, or: 1))
    case ("start", 4): try start(words[2], words[3])
    default:
        fail(
            """
            StoreBenchmark ingest SERIES DATA FOLDER [SAMPLES] | import SERIES DATA FOLDER
                | settle FOLDER | query SERIES FOLDER [RUNS] | answers SERIES FOLDER
                | codec SERIES DATA [POLLS] | pace SERIES DATA FOLDER RATE SKIP
                | start SERIES FOLDER
            """)
    }
} catch {
    fail("\(error)")
}
