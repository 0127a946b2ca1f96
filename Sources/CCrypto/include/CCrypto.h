#ifndef FROSTLINE_CCRYPTO_H
#define FROSTLINE_CCRYPTO_H

// libcrypto's primitives for SNMPv3 behind plain C types: hashes and HMAC (RFC 3414 and 7860),
// AES-128 in CFB mode (RFC 3826), DES in CBC mode (RFC 3414, 8.1). And SHA-256 of any number of
// bytes, for stored history.
//
// Threads. There is no shared mutable state: a toolbox and the keyed MACs made from it belong to
// the thread that uses them, one thread at a time. OpenSSL 3 looks an algorithm up by name each
// time it is asked for (a microsecond and a lock); a toolbox does that once.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
    CCRYPTO_MD5 = 0,
    CCRYPTO_SHA1 = 1,
    CCRYPTO_SHA224 = 2,
    CCRYPTO_SHA256 = 3,
    CCRYPTO_SHA384 = 4,
    CCRYPTO_SHA512 = 5,
};
// The longest digest, SHA-512's.
enum { CCRYPTO_MAX_DIGEST = 64 };
// The longest text that the ciphers take: the largest UDP payload, rounded up to a block.
enum { CCRYPTO_MAX_TEXT = 65520 };

typedef struct ccrypto_toolbox ccrypto_toolbox;
typedef struct ccrypto_mac ccrypto_mac;

// NULL where memory is short.
ccrypto_toolbox *_Nullable ccrypto_create(void);
void ccrypto_destroy(ccrypto_toolbox *toolbox);

// Whether this system's libcrypto has the hash; a FIPS configuration may lack MD5.
int ccrypto_has_hash(const ccrypto_toolbox *toolbox, int hash);

// Bytes of a digest; 0 for an unknown hash.
size_t ccrypto_digest_length(int hash);

// Functions below return 0, or -1 where libcrypto refuses or an argument is out of bounds.

// The hash of a passphrase repeated to 1 MiB (RFC 3414, A.2): about a millisecond. `length` is at
// least 1; `digest` takes the hash's whole length.
int ccrypto_stretch(ccrypto_toolbox *toolbox, int hash, const uint8_t *passphrase, size_t length,
                    uint8_t *digest);

// The hash of key, engine id, key (RFC 3414, A.2): the key for one engine.
int ccrypto_localize(ccrypto_toolbox *toolbox, int hash, const uint8_t *key, size_t key_length,
                     const uint8_t *engine, size_t engine_length, uint8_t *digest);

// HMAC with one key, prepared once: a third of the cost of keying it for each message. The MAC
// does not outlive its toolbox.
ccrypto_mac *_Nullable ccrypto_mac_create(ccrypto_toolbox *toolbox, int hash, const uint8_t *key,
                                          size_t key_length);
void ccrypto_mac_destroy(ccrypto_mac *mac);

// HMAC of a message in which `hole_length` bytes from `hole` on count as zeros (RFC 3414, 6.3.1:
// msgAuthenticationParameters). The message is not changed. `digest` takes the whole length.
int ccrypto_mac_compute(ccrypto_mac *mac, const uint8_t *message, size_t length, size_t hole,
                        size_t hole_length, uint8_t *digest);

// HMAC in one call, for what is done once.
int ccrypto_hmac(ccrypto_toolbox *toolbox, int hash, const uint8_t *key, size_t key_length,
                 const uint8_t *message, size_t length, uint8_t *digest);

// AES-128 CFB, 16 bytes of key and of initial vector, any length to CCRYPTO_MAX_TEXT. `input` and
// `output` are the same or do not overlap.
int ccrypto_aes128_cfb_encrypt(ccrypto_toolbox *toolbox, const uint8_t *key, const uint8_t *iv,
                               const uint8_t *input, size_t length, uint8_t *output);
int ccrypto_aes128_cfb_decrypt(ccrypto_toolbox *toolbox, const uint8_t *key, const uint8_t *iv,
                               const uint8_t *input, size_t length, uint8_t *output);

// DES CBC, 8 bytes of key and of initial vector, a whole number of 8-byte blocks.
int ccrypto_des_cbc_encrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *input,
                            size_t length, uint8_t *output);
int ccrypto_des_cbc_decrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *input,
                            size_t length, uint8_t *output);

typedef struct ccrypto_sha256 ccrypto_sha256;

// SHA-256 (FIPS 180-4) of bytes that come piece by piece. NULL where memory is short.
ccrypto_sha256 *_Nullable ccrypto_sha256_create(void);
void ccrypto_sha256_destroy(ccrypto_sha256 *hasher);
int ccrypto_sha256_update(ccrypto_sha256 *hasher, const void *_Nullable bytes, size_t length);
// 32 bytes; the hasher is then as new.
int ccrypto_sha256_finish(ccrypto_sha256 *hasher, uint8_t *digest);

// 1 where equal; the time does not tell where the bytes differ.
int ccrypto_equal(const uint8_t *left, const uint8_t *right, size_t length);

// Bytes nobody can foretell.
int ccrypto_random(uint8_t *bytes, size_t length);

// Overwrites key material; not removed by the optimizer.
void ccrypto_erase(uint8_t *bytes, size_t length);

#pragma clang assume_nonnull end

#endif
