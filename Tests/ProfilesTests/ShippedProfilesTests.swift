import Profiles
import Testing

struct ShippedProfilesTests {
    @Test("every profile that ships parses without a mistake")
    func parse() throws {
        let shipped = try ShippedProfiles.load()
        #expect(shipped.profiles.count >= 7)
        #expect(shipped.library.names.count == shipped.profiles.count)
    }
}
