import CPlatform

/// Opens a pseudo-terminal in raw mode: what is written to the master arrives at whoever opens the
/// slave's path. For tests and simulated serial lines. The caller closes the master.
package func openPseudoTerminalPair() throws(PlatformError) -> (master: Int32, slavePath: String) {
    // 64 bytes hold `/dev/pts/` and any number.
    var path = [CChar](repeating: 0, count: 64)
    let master = try checked("open pseudo-terminal", "", cplatform_open_pty(&path, path.count))
    return (master, string(path))
}
