import ConfigTree
import Model

/// Where a secret is kept: `${cred:NAME}`, `${file:PATH}`, `${env:NAME}`.
package enum SecretReference: Hashable, Sendable, CustomStringConvertible {
    /// A systemd credential of the service.
    case credential(String)
    case file(String)
    case environment(String)

    /// Nil where `text` is no reference at all or names an unknown kind of keeping.
    package init?(_ text: String) {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let inside = text.dropFirst(2).dropLast()
        guard let colon = inside.firstIndex(of: ":") else { return nil }
        let name = String(inside[inside.index(after: colon)...])
        guard !name.isEmpty, !name.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "}") })
        else { return nil }
        switch inside[..<colon] {
        case "cred": self = .credential(name)
        case "file": self = .file(name)
        case "env": self = .environment(name)
        default: return nil
        }
    }

    package var description: String {
        switch self {
        case .credential(let name): "${cred:\(name)}"
        case .file(let path): "${file:\(path)}"
        case .environment(let name): "${env:\(name)}"
        }
    }
}

/// Why a secret could not be had.
package struct SecretProblem: Error, Hashable, Sendable {
    package var problem: String
    package var cure: String
    package init(_ problem: String, cure: String) {
        self.problem = problem
        self.cure = cure
    }
}

/// Gives the secret behind a reference; the site file itself never reads files.
package typealias SecretSource = (SecretReference) -> Result<String, SecretProblem>

/// How plain text is treated where a secret is expected.
enum PlainSecret {
    /// Never: passphrases and tokens.
    case refused
    /// The one community that is no secret.
    case onlyPublic
    /// An address without a token in it.
    case address
}

extension ConfigNode {
    /// The secret this node stands for, at most 4096 bytes; nil after reporting what is wrong.
    func secret(
        _ what: String, plain: PlainSecret, example: String, from source: SecretSource,
        _ diagnostics: inout Diagnostics
    ) -> Secret? {
        guard let text = text(maximum: 4096, &diagnostics) else { return nil }
        guard text.contains("${") else {
            guard let problem = Self.refusal(of: text, what: what, plain: plain) else {
                return Secret(text)
            }
            diagnostics.add(
                position, problem,
                cure: "keep it outside the file and write `\(example)` here "
                    + "(or `${file:PATH}`, `${env:NAME}`)")
            return nil
        }
        guard let reference = SecretReference(text) else {
            diagnostics.add(
                position, "`\(text.prefix(60))` is no reference to a secret",
                cure: "write `\(example)`, `${file:PATH}` or `${env:NAME}` as the whole value")
            return nil
        }
        switch source(reference) {
        case .failure(let failure):
            diagnostics.add(position, failure.problem, cure: failure.cure)
            return nil
        case .success(let value):
            guard !value.isEmpty, value.utf8.count <= 4096 else {
                diagnostics.add(
                    position, "the secret \(reference) is empty or longer than 4096 bytes",
                    cure: "store one line of text there")
                return nil
            }
            return Secret(value)
        }
    }

    private static func refusal(of text: String, what: String, plain: PlainSecret) -> String? {
        switch plain {
        case .refused:
            return "the \(what) is written in the file, where everyone who may read it sees it"
        case .onlyPublic:
            return text == "public" ? nil : "a \(what) other than `public` is written in the file"
        case .address:
            let lower = text.lowercased()
            // Query keys, and the paths in which Feishu, Slack and Discord carry the token.
            let words = [
                "token=", "key=", "secret=", "sign=", "password=", "/bot/v2/hook/",
                "hooks.slack.com/", "/api/webhooks/",
            ]
            let hasUser = lower.split(separator: "/").dropFirst().first?.contains("@") ?? false
            guard hasUser || words.contains(where: lower.contains) else { return nil }
            return "the \(what) carries its token in the file"
        }
    }
}
