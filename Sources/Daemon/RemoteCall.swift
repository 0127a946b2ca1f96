import FoundationEssentials
package import HTTPClient
package import Model

extension RemoteAccess {
    /// A request to the engine with what it wants to see of who asks. `path` is put behind the
    /// address; empty for the address itself.
    package func request(_ method: HTTPRequest.Method, _ path: String = "") -> HTTPRequest {
        var base = url.reveal
        if !path.isEmpty { while base.hasSuffix("/") { base.removeLast() } }
        var request = HTTPRequest(method: method, url: base + path)
        request.headers = [HTTPRequest.Header("User-Agent", "frostline")]
        if let token {
            request.headers.append(HTTPRequest.Header("Authorization", "Bearer " + token.reveal))
        } else if let user {
            let pair = Data((user + ":" + (password?.reveal ?? "")).utf8)
            request.headers.append(
                HTTPRequest.Header("Authorization", "Basic " + pair.base64EncodedString()))
        }
        request.authorityFile = authority
        return request
    }
}
