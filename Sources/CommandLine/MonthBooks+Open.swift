import ArgumentParser
import Daemon
import Energy
import Model
import Store

extension MonthBooks {
    /// The books of a site whose ledger lies in the store of `locations`, or at a remote one. The
    /// store is opened when it is first asked: a month whose sheet has everything needs none.
    init(_ configuration: LoadedConfiguration, _ locations: Locations) throws {
        let remote = try locations.remoteReader()
        let store = OpenedStore(locations.dataDirectory, configuration.site)
        self.init(configuration) { meter, range throws(MonthBookError) in
            if let remote {
                do throws(RemoteReadError) {
                    return try remote.ledger(meter, configuration, range)
                } catch {
                    throw .ledger(error.description)
                }
            }
            return try store.ledger(meter, range)
        }
    }
}

/// A reader that is opened once, when it is needed.
private final class OpenedStore {
    private let directory: String
    private let site: Site
    private var source: LedgerSource?

    init(_ directory: String, _ site: Site) {
        self.directory = directory
        self.site = site
    }

    func ledger(_ meter: Meter, _ range: TimeRange) throws(MonthBookError) -> [LedgerEntry] {
        do throws(StoreError) {
            let opened: LedgerSource
            if let source {
                opened = source
            } else {
                opened = LedgerSource(
                    reader: try StoreReader(directory: directory), site: site,
                    now: currentInstant())
            }
            source = opened
            return try opened.entries(meter, range)
        } catch {
            throw .ledger("\(error)")
        }
    }
}

/// Runs a question to the books; what is wrong becomes the exit code and the lines that say it.
func askingBooks<Value>(_ body: () throws(MonthBookError) -> Value) throws -> Value {
    do throws(MonthBookError) {
        return try body()
    } catch {
        switch error {
        case .mistakes(let lines):
            Output.diagnostics(lines)
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        case .wrongFile(let text): throw CommandFailure(.usage, text)
        case .noTariff, .tariff, .noReadings: throw CommandFailure(.no, "\(error)")
        case .ledger(let text): throw CommandFailure(.unreachable, text)
        }
    }
}
