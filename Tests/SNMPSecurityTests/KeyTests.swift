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

    /// RFC 7860 prints no examples: these are A.3's passphrase and engine with its hashes, computed
    /// with Python's hashlib.
    @Test("passphrases become keys with SHA-2 by the same steps")
    func secondGeneration() throws {
        let toolbox = try CryptoToolbox()
        let engine = hex("000000000000000000000002")
        let password = Array("maplesyrup".utf8)
        let expected: [(USMAuthentication, key: String, local: String)] = [
            (
                .sha224, "282a5867ee9aac639ad59df9572c7d3ac0fbc13a905b6df07dbbf00b",
                "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674"
            ),
            (
                .sha256, "ab51014d1e077f6017df2b12bee5f5aa72993177e9bb569c4dff5a4ca0b4afac",
                "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"
            ),
            (
                .sha384,
                "e06eccdf2c68a06ed034723c9c26e0db3b669e1e2efed491"
                    + "50b55377a2e98f383c86fb836857444654b287c93f51ff64",
                "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3"
                    + "f7e2b4f36eb6f0455a53689a3937eea07319a633d2ccba78"
            ),
            (
                .sha512,
                "7e4396de5aadc77be853819b98c9406265b3a9c37cc3176569847a4e4f6fba63"
                    + "dd3a73d04924d31a63f95a601f9385af6be4ed1b37f87d040f7c6ed6f8d38a91",
                "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099"
                    + "ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b"
            ),
        ]
        for (algorithm, key, local) in expected {
            let stretched = try toolbox.stretch(password, algorithm)
            #expect(stretched == hex(key))
            #expect(try toolbox.localize(stretched, to: engine, algorithm) == hex(local))
        }
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
