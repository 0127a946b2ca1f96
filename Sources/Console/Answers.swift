/// Where the answers to a question go, with the moment that it was about.
struct Answers: Sendable {
    let mailbox: Mailbox<ConsoleEvent>
    /// Nil for the present.
    let moment: Int64?

    func post(_ event: ConsoleEvent) {
        mailbox.post(moment.map { .ofMoment(atMS: $0, event) } ?? event)
    }
}
