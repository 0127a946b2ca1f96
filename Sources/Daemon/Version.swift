/// The version of the program, also in reports and in the API.
package enum Version {
    package static let text = "0.1.0"
}
