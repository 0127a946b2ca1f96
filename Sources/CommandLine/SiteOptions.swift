import ArgumentParser
import Daemon

/// What every command that prints a figure of a site takes.
struct SiteOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    /// The site file, or every mistake of it printed and exit code 2.
    func configuration() throws -> LoadedConfiguration {
        try profileFolders.configuration(at: locations.configPath)
    }
}
