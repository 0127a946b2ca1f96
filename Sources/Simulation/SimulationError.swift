/// Why simulated devices cannot be served: a port is taken, a thread is refused.
package struct SimulationError: Error, CustomStringConvertible {
    package var problem: String
    package var cure: String
    package var description: String { problem + "; " + cure }
}
