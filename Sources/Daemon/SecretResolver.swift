import Platform
package import SiteFile

/// Reads secrets from systemd credentials, files and the environment.
package enum SecretResolver {
    /// The site file refuses longer ones too.
    private static let maximumBytes = 4096

    package static func resolve(
        _ reference: SecretReference
    ) -> Result<String, SecretProblem> {
        switch reference {
        case .credential(let name):
            guard let directory = environmentValue("CREDENTIALS_DIRECTORY") else {
                return .failure(
                    SecretProblem(
                        "\(reference) is a systemd credential, and none are given to this process",
                        cure: "run it as the service with LoadCredential=\(name):…, or use "
                            + "${file:…} or ${env:…}"))
            }
            guard !name.contains("/") else {
                return .failure(
                    SecretProblem("\(reference) is no name", cure: "use a name without `/`"))
            }
            return read(directory + "/" + name, reference)
        case .file(let path): return read(path, reference)
        case .environment(let name):
            guard let value = environmentValue(name) else {
                return .failure(
                    SecretProblem("\(reference) is not set", cure: "set it: export \(name)=…"))
            }
            return .success(value)
        }
    }

    /// As `resolve`, and nil for a systemd credential where this process is given none: only the
    /// service has them, and who checks or computes uses none.
    static func resolveOutsideService(
        _ reference: SecretReference
    ) -> Result<String, SecretProblem>? {
        guard case .credential = reference, environmentValue("CREDENTIALS_DIRECTORY") == nil else {
            return resolve(reference)
        }
        return nil
    }

    /// Stands for what was not read; it passes for a passphrase and for an address.
    static let standIn = "https://credential.invalid/"

    private static func read(
        _ path: String, _ reference: SecretReference
    ) -> Result<String, SecretProblem> {
        do {
            var text = try FileIO.readText(path, maximumBytes: maximumBytes)
            while text.hasSuffix("\n") || text.hasSuffix("\r") { text.removeLast() }
            return .success(text)
        } catch {
            return .failure(
                SecretProblem(
                    "\(reference) cannot be read: \(error.reason)",
                    cure: "store the secret there, readable by this user only"))
        }
    }
}
