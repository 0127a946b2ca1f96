extension SNMPValue {
    /// False for what stands for "no such object".
    package var isPresent: Bool {
        switch self {
        case .null, .noSuchObject, .noSuchInstance, .endOfMibView: false
        default: true
        }
    }
}
