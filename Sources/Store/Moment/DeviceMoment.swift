package import Model
import SQLite

/// What the store has of one device at a moment.
package struct DeviceMoment: Sendable {
    package struct Point: Sendable {
        /// The definition that held then.
        package var definition: PointDefinition
        /// The newest reading that was taken no later; nil where none is near enough.
        package var last: Sample?
        /// The newest of them that was usable.
        package var usable: Sample?
        /// Milliseconds between two of its last readings, the shortest of some; nil where there
        /// was one.
        package var spacing: Int64?

        package init(
            _ definition: PointDefinition, last: Sample?, usable: Sample?, spacing: Int64?
        ) {
            self.definition = definition
            self.last = last
            self.usable = usable
            self.spacing = spacing
        }
    }
    package var device: String
    /// Those that were asked for, in the order in which the store got to know them.
    package var points: [Point] = []
    /// Polls without an answer since the last that was answered, as far as they are stored.
    package var missedPolls = 0
    package var lastAnswer: Instant?
    /// What could not be read.
    package var damage: [Damage] = []

    package init(device: String) { self.device = device }
}

/// An alarm as it stood at a moment that has passed; `valueText` is of its last change by then.
package struct PastAlarm: Sendable {
    package var record: AlarmRecord
    /// What it looked like where it was not shown; nil where it was.
    package var hiding: HiddenState?
}

/// Which points of a device are asked for.
package struct MomentQuestion: Sendable {
    package var device: String
    /// Nil for all of them.
    package var points: [String]?
    package init(device: String, points: [String]? = nil) {
        self.device = device
        self.points = points
    }
}

extension StoreReader {
    /// What devices had said by `time`, in the order of the questions. Reads of each device the
    /// columns asked for of the chunk that holds the moment, and more only where that says nothing.
    /// `isCancelled` is asked before each device; what is missing then is left out.
    package func moment(
        at time: Instant, _ questions: [MomentQuestion],
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(StoreError) -> [DeviceMoment] {
        try read { state throws(SQLiteError) in
            try state.moment(at: time.milliseconds, questions, isCancelled)
        }
    }

    /// Alarms that were not normal at `time`, as they stood then.
    package func openAlarms(at time: Instant) throws(StoreError) -> [PastAlarm] {
        try table { state throws(SQLiteError) in
            try AlarmTables.open(at: time.milliseconds, state.db)
        }
    }

    /// Another one when there are other devices and points, or they are other ones.
    package func namesVersion() throws(StoreError) -> NamesVersion {
        try read { state throws(SQLiteError) in state.names.known }
    }

    /// When the first reading was taken; nil without any.
    package func oldest() throws(StoreError) -> Instant? {
        try read { state throws(SQLiteError) in
            try state.oldest().map { Instant(milliseconds: $0) }
        }
    }
}
