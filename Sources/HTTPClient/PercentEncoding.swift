/// Bytes that may stand in a query as they are; the rest as %XX (RFC 3986, section 2).
package func percentEncoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
        let isPlain =
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
            || "-_.~".utf8.contains(byte)
        if isPlain {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            let digits = String(byte, radix: 16, uppercase: true)
            result += "%" + (digits.count == 1 ? "0" : "") + digits
        }
    }
}
