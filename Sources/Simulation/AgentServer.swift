import Model
import Platform
import SNMP

/// Many SNMP agents on a few threads.
final class AgentServer: Sendable {
    /// What one thread answers with ease: 128 agents of a hundred objects every ten seconds.
    private static let agentsPerThread = 128
    /// Agents of one thread.
    // `agents` is touched on the reactor's thread alone; `reactor` does its own locking.
    private final class Shard: @unchecked Sendable {
        let reactor: Reactor
        var agents: [Int: SNMPAgent] = [:]
        init(reactor: Reactor) { self.reactor = reactor }
    }

    struct Request: Sendable {
        var host: String
        var port: UInt16
        var community: String
        var table: any SNMPObjectTable & Sendable
    }

    private let shards: [Shard]
    /// By the order of the requests.
    let ports: [UInt16]

    /// Binds all agents and starts to answer.
    init(_ requests: [Request]) throws(SimulationError) {
        var shards: [Shard] = []
        var ports: [UInt16] = []
        do {
            for first in stride(from: 0, to: requests.count, by: Self.agentsPerThread) {
                let reactor = try Reactor(name: "sim-snmp")
                let shard = Shard(reactor: reactor)
                // Not started yet: this thread may still touch it.
                for number in first..<min(first + Self.agentsPerThread, requests.count) {
                    let agent = try Self.bind(requests[number])
                    ports.append(agent.port)
                    shard.agents[number] = agent
                    try reactor.watch(agent.fileDescriptor, interest: .read) { [unowned agent] _ in
                        agent.handleReadable()
                    }
                }
                try reactor.start()
                shards.append(shard)
            }
        } catch {
            for shard in shards { shard.reactor.stop() }
            if let error = error as? SimulationError { throw error }
            throw SimulationError(
                problem: "cannot serve SNMP agents: \(error)",
                cure: "free some descriptors or serve fewer devices")
        }
        self.shards = shards
        self.ports = ports
    }

    /// Makes an agent misbehave, or behave again. `loses` is asked for every request.
    func set(
        _ fault: ServedFault, agent number: Int, loses: (@Sendable () -> Bool)? = nil
    ) {
        let shard = shards[number / Self.agentsPerThread]
        shard.reactor.submit {
            guard let agent = shard.agents[number] else { return }
            agent.fault = fault.agentFault
            agent.loses = loses
            agent.delay = nil
            if fault.delayMilliseconds > 0 {
                agent.delay = { send in
                    shard.reactor.schedule(
                        afterNanoseconds: Int64(fault.delayMilliseconds) * 1_000_000, send)
                }
            }
        }
    }

    /// Lets go of all ports and ends the threads.
    func stop() {
        for shard in shards {
            shard.reactor.performAndWait {
                for agent in shard.agents.values {
                    shard.reactor.unwatch(agent.fileDescriptor)
                    agent.close()
                }
                shard.agents = [:]
            }
            shard.reactor.stop()
        }
    }

    private static func bind(_ request: Request) throws(SimulationError) -> SNMPAgent {
        do {
            return try SNMPAgent(
                host: request.host, port: request.port, table: request.table,
                options: SNMPAgent.Options(community: request.community))
        } catch {
            throw SimulationError(
                problem: "cannot serve an SNMP agent at \(request.host):\(request.port): \(error)",
                cure: "choose another port")
        }
    }
}
