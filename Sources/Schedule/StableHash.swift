/// FNV-1a, 64 bits (Fowler, Noll, Vo; offset basis and prime as published), finished with the
/// 64-bit mixer of MurmurHash3: names that differ in the last digit alone must land far apart.
///
/// Swift's own hash is seeded anew in each process; times of polls must survive a restart.
package enum StableHash {
    package static func hash(_ parts: String...) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for part in parts {
            for byte in part.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
            // A separator that is no UTF-8: ("a", "bc") and ("ab", "c") differ.
            value = (value ^ 0xff) &* 0x100_0000_01b3
        }
        value = (value ^ (value >> 33)) &* 0xff51_afd7_ed55_8ccd
        value = (value ^ (value >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return value ^ (value >> 33)
    }
}
