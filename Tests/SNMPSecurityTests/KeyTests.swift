import SNMPSecurity
import Testing

func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
        let next = digits.index(index, offsetBy: 2)
        bytes.append(UInt8(digits[index..<next], radix: 16) ?? 0)
        index = next
    }
    return bytes
}

@Suite("Keys and ciphers against published vectors")
struct KeyTests {
    @Test("passphrases become the keys of RFC 3414, A.3")
    func passphrases() throws {
        let toolbox = try CryptoToolbox()
        let engine = hex("000000000000000000000002")
        let password = Array("maplesyrup".utf8)
        let md5 = try toolbox.stretch(password, .md5)
        #expect(md5 == hex("9faf3283884e92834ebc9847d8edd963"))
        let localMD5 = try toolbox.localize(md5, to: engine, .md5)
        #expect(localMD5 == hex("526f5eed9fcce26f8964c2930787d82b"))
        let sha = try toolbox.stretch(password, .sha1)
        #expect(sha == hex("9fb5cc0381497b3793528939ff788d5d79145211"))
        let localSHA = try toolbox.localize(sha, to: engine, .sha1)
        #expect(localSHA == hex("6695febc9288e36282235fc7151f128497b38f3f"))
    }

    @Test("HMAC gives the values of RFC 2202 and RFC 4231 for every hash")
    func hmac() throws {
        let toolbox = try CryptoToolbox()
        let jefe = Array("Jefe".utf8)
        let question = Array("what do ya want for nothing?".utf8)
        let expected: [(USMAuthentication, String)] = [
            (.md5, "750c783e6ab0b503eaa86e310a5db738"),
            (.sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (.sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
            (.sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                .sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                    + "8e2240ca5e69e2c78b3239ecfab21649"
            ),
            (
                .sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                    + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
            ),
        ]
        for (algorithm, text) in expected {
            #expect(try toolbox.hmac(question, key: jefe, algorithm) == hex(text))
            #expect(algorithm.digestLength == hex(text).count)
        }
        // RFC 4231, test case 7: key and data longer than a block.
        let long = Array(
            ("This is a test using a larger than block-size key and a larger than block-size data."
                + " The key needs to be hashed before being used by the HMAC algorithm.").utf8)
        #expect(
            try toolbox.hmac(long, key: [UInt8](repeating: 0xaa, count: 131), .sha256)
                == hex("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"))
    }

    @Test("signatures are cut as RFC 3414 and RFC 7860 say")
    func lengths() {
        #expect(USMAuthentication.allCases.map(\.macLength) == [12, 12, 16, 24, 32, 48])
    }

    @Test("AES-128 CFB gives the vector of SP 800-38A, F.3.13, and takes it back")
    func aes() throws {
        let toolbox = try CryptoToolbox()
        let key = hex("2b7e151628aed2a6abf7158809cf4f3c")
        let vector = hex("000102030405060708090a0b0c0d0e0f")
        let plain = hex(
            """
            6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
            30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710
            """)
        var text = plain
        #expect(text.withUnsafeMutableBytes { toolbox.encryptAES($0, key: key, vector: vector) })
        #expect(
            text
                == hex(
                    """
                    3b3fd92eb72dad20333449f8e83cfb4a c8a64537a0b3a93fcde3cdad9f1ce58b
                    26751f67a3cbb140b1808cf187a4f4df c04b05357c5d1c0eeac4c66f9ff7f2e6
                    """))
        #expect(text.withUnsafeMutableBytes { toolbox.decryptAES($0, key: key, vector: vector) })
        #expect(text == plain)
    }

    @Test("AES decrypts what it encrypted at every length")
    func aesLengths() throws {
        let toolbox = try CryptoToolbox()
        let key = [UInt8](1...16)
        let vector = [UInt8](101...116)
        for length in Array(0...70) + [1299, 1300, 65_507] {
            let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            var text = plain
            let encrypted = text.withUnsafeMutableBytes {
                toolbox.encryptAES($0, key: key, vector: vector)
            }
            #expect(encrypted && (length < 8 || text != plain))
            let decrypted = text.withUnsafeMutableBytes {
                toolbox.decryptAES($0, key: key, vector: vector)
            }
            #expect(decrypted && text == plain, "\(length) bytes")
        }
        var long = [UInt8](repeating: 0, count: 65_600)
        #expect(!long.withUnsafeMutableBytes { toolbox.encryptAES($0, key: key, vector: vector) })
    }

    @Test("DES CBC gives the vector of FIPS 81, C.1, and takes it back")
    func des() throws {
        let toolbox = try CryptoToolbox()
        let key = hex("0123456789abcdef")
        let vector = hex("1234567890abcdef")
        let plain = Array("Now is the time for all ".utf8)
        var text = plain
        #expect(text.withUnsafeMutableBytes { toolbox.encryptDES($0, key: key, vector: vector) })
        #expect(text == hex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"))
        #expect(text.withUnsafeMutableBytes { toolbox.decryptDES($0, key: key, vector: vector) })
        #expect(text == plain)
        text.removeLast()
        #expect(!text.withUnsafeMutableBytes { toolbox.decryptDES($0, key: key, vector: vector) })
    }

    @Test("a keyring refuses what cannot be a credential, with a cure")
    func credentials() {
        let keyring = USMKeyring()
        #expect(throws: USMError.self) { try keyring.user("") }
        #expect(throws: USMError.self) { try keyring.user(String(repeating: "u", count: 33)) }
        #expect(throws: USMError.self) {
            try keyring.user("u", authentication: (.sha1, "short"))
        }
        #expect(throws: USMError.self) {
            try keyring.user("u", privacy: (.aes128, "long enough"))
        }
        #expect(throws: USMError.self) {
            try keyring.user(
                "u", authentication: (.sha1, "long enough"), privacy: (.des, "short"))
        }
    }

    @Test("a passphrase is stretched once")
    func cached() throws {
        let keyring = USMKeyring()
        _ = try keyring.user("u", authentication: (.sha512, "a passphrase"))
        let start = ContinuousClock.now
        for _ in 0..<1000 {
            _ = try keyring.user("u", authentication: (.sha512, "a passphrase"))
        }
        // A thousand stretches take seconds.
        #expect(ContinuousClock.now - start < .milliseconds(500))
    }

    @Test("a user shows nothing of itself")
    func secrecy() throws {
        let user = try USMKeyring().user("operator", authentication: (.md5, "a passphrase"))
        #expect("\(user)" == "SNMPv3 user")
    }
}
