enum ChinesePhrases {
    static let lines = """
        """
}
