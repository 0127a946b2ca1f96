/// Why there is no connection, in the console's language as far as it is the console's own text.
extension ConsoleModel {
    package func shownReason(_ reason: String) -> String {
        let head = "the daemon is not reachable at "
        let tail = "; start it with `frostline serve --config site.yaml`, or give its address"
        if reason.hasPrefix(head), reason.hasSuffix(tail) {
            let middle = reason.dropFirst(head.count).dropLast(tail.count)
            // A socket's path has no colon and a blank; what follows is why.
            if let colon = middle.firstRange(of: ": ") {
                let place = t(
                    "the daemon is not reachable at {0}: {1}", String(middle[..<colon.lowerBound]),
                    why(middle[colon.upperBound...]))
                return place
                    + t(
                        "; start it with `{0}`, or give its address",
                        "frostline serve --config site.yaml")
            }
        }
        switch reason {
        case "the daemon ended the stream; it may be restarting":
            return t("the daemon ended the stream; it may be restarting")
        default: return reason
        }
    }

    private func why(_ text: Substring) -> String {
        text == "nobody listens on this socket"
            ? t("nobody listens on this socket") : String(text)
    }
}
