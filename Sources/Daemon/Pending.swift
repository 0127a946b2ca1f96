import Platform
import Store

/// What a thread of its own is making.
struct Pending<Value: Sendable>: Sendable {
    private let box: ConditionLock<Result<Value, StoreError>?>

    init(_ body: @escaping @Sendable () throws(StoreError) -> Value) {
        let box = ConditionLock<Result<Value, StoreError>?>(nil)
        self.box = box
        do {
            try NativeThread(name: "api-past-rest") {
                let result = Result { () throws(StoreError) in try body() }
                box.update { $0 = result }
            }.detach()
        } catch {
            box.update { $0 = .failure(.system("\(error)")) }
        }
    }

    /// A picture of a large site is read in less than a second; beyond this the disk is gone.
    private static var longestWait: Int64 { 60_000 }

    func wait() throws(StoreError) -> Value {
        let result = box.wait(forMilliseconds: Self.longestWait) { $0 }
        guard let result else { throw .system("the past was not read in a minute") }
        return try result.get()
    }
}
