import CNetSNMPShims

/// A resolved UDP address.
package struct SNMPAddress: Sendable {
    let raw: cnetsnmp_address

    /// Resolves a name or takes a numeric address. A name may block for as long as name servers
    /// do: never on a thread that must not wait.
    /// The corresponding C function is `getaddrinfo`.
    package init(host: String, port: UInt16) throws(SNMPError) {
        var address = cnetsnmp_address()
        var reason: UnsafePointer<CChar>?
        guard cnetsnmp_resolve(host, port, &address, &reason) == 0 else {
            let why = reason.map { String(cString: $0) } ?? "unknown"
            throw .setup("cannot resolve \(host): \(why); check the name or use an address")
        }
        raw = address
    }
}
