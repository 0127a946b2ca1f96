import Model
package import Recordings

// Recordings as the simulated agents and units serve them.

extension SNMPRecording {
    package var table: ObjectTable {
        ObjectTable(sorted: varBinds.map { ObjectEntry(oid: $0.oid, form: .constant($0.value)) })
    }
}

extension RegisterRecording {
    package var map: RegisterMap {
        var map = RegisterMap()
        for (table, words) in words {
            for (address, word) in words { map.set(table, address, .constant(word)) }
        }
        return map
    }
}
