import Platform

/// Why a backup, a restore or a repair could not be done. The text has the cure.
package struct BackupError: Error, Sendable, CustomStringConvertible {
    package let description: String
    init(_ text: String) { description = text }
    init(_ error: PlatformError) { description = "\(error)" }
    init(_ error: StoreError) { description = "\(error)" }
}

extension BackupError {
    /// Runs what throws errors of the system or of the store.
    static func of<Value>(
        _ body: () throws(PlatformError) -> Value
    ) throws(BackupError) -> Value {
        do throws(PlatformError) { return try body() } catch { throw BackupError(error) }
    }

    static func store<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(BackupError) -> Value {
        do throws(StoreError) { return try body() } catch { throw BackupError(error) }
    }
}
