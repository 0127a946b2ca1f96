// DES exists in OpenSSL 3 as a deprecated function or in a provider that a configuration file has
// to load; the function works on every machine.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "CCrypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/des.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define HASHES 6
#define AES_BLOCK 16
// RFC 3414, A.2.1: the passphrase is repeated to this many bytes.
#define STRETCHED 1048576
// Bytes of repeated passphrase hashed at once.
#define CHUNK 4096

static const char *const names[HASHES] = {"MD5", "SHA1", "SHA2-224", "SHA2-256", "SHA2-384",
                                          "SHA2-512"};
static const size_t lengths[HASHES] = {16, 20, 28, 32, 48, 64};

struct ccrypto_toolbox {
    EVP_MD *hashes[HASHES];
    EVP_MD_CTX *digest;
    EVP_MAC *hmac;
    EVP_CIPHER *cfb;
    EVP_CIPHER *ecb;
    EVP_CIPHER_CTX *encryption;
    EVP_CIPHER_CTX *decryption;
    uint8_t stream[CCRYPTO_MAX_TEXT];
};

struct ccrypto_mac {
    EVP_MAC_CTX *context;
};

static int is_hash(int hash) { return hash >= 0 && hash < HASHES; }

size_t ccrypto_digest_length(int hash) { return is_hash(hash) ? lengths[hash] : 0; }

ccrypto_toolbox *ccrypto_create(void) {
    ccrypto_toolbox *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    for (int i = 0; i < HASHES; i++) made->hashes[i] = EVP_MD_fetch(NULL, names[i], NULL);
    made->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    made->cfb = EVP_CIPHER_fetch(NULL, "AES-128-CFB", NULL);
    made->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    made->digest = EVP_MD_CTX_new();
    made->encryption = EVP_CIPHER_CTX_new();
    made->decryption = EVP_CIPHER_CTX_new();
    if (made->hmac && made->cfb && made->ecb && made->digest && made->encryption &&
        made->decryption)
        return made;
    ccrypto_destroy(made);
    return NULL;
}

void ccrypto_destroy(ccrypto_toolbox *box) {
    EVP_CIPHER_CTX_free(box->decryption);
    EVP_CIPHER_CTX_free(box->encryption);
    EVP_MD_CTX_free(box->digest);
    EVP_CIPHER_free(box->ecb);
    EVP_CIPHER_free(box->cfb);
    EVP_MAC_free(box->hmac);
    for (int i = 0; i < HASHES; i++) EVP_MD_free(box->hashes[i]);
    OPENSSL_cleanse(box->stream, sizeof box->stream);
    free(box);
}

int ccrypto_has_hash(const ccrypto_toolbox *box, int hash) {
    return is_hash(hash) && box->hashes[hash] != NULL;
}

static int begin(ccrypto_toolbox *box, int hash) {
    if (!ccrypto_has_hash(box, hash)) return -1;
    return EVP_DigestInit_ex2(box->digest, box->hashes[hash], NULL) == 1 ? 0 : -1;
}

static int finish(ccrypto_toolbox *box, uint8_t *digest) {
    unsigned int length = 0;
    return EVP_DigestFinal_ex(box->digest, digest, &length) == 1 ? 0 : -1;
}

int ccrypto_stretch(ccrypto_toolbox *box, int hash, const uint8_t *passphrase, size_t length,
                    uint8_t *digest) {
    if (length == 0 || length > CHUNK || begin(box, hash) != 0) return -1;
    // Whole repetitions, so that each chunk continues where the last one ended.
    uint8_t chunk[2 * CHUNK];
    size_t size = 0;
    while (size < CHUNK) {
        memcpy(chunk + size, passphrase, length);
        size += length;
    }
    int failed = 0;
    for (size_t left = STRETCHED; left > 0 && !failed;) {
        size_t part = left < size ? left : size;
        failed = EVP_DigestUpdate(box->digest, chunk, part) != 1;
        left -= part;
    }
    OPENSSL_cleanse(chunk, sizeof chunk);
    return failed ? -1 : finish(box, digest);
}

int ccrypto_localize(ccrypto_toolbox *box, int hash, const uint8_t *key, size_t key_length,
                     const uint8_t *engine, size_t engine_length, uint8_t *digest) {
    if (begin(box, hash) != 0) return -1;
    if (EVP_DigestUpdate(box->digest, key, key_length) != 1) return -1;
    if (EVP_DigestUpdate(box->digest, engine, engine_length) != 1) return -1;
    if (EVP_DigestUpdate(box->digest, key, key_length) != 1) return -1;
    return finish(box, digest);
}

ccrypto_mac *ccrypto_mac_create(ccrypto_toolbox *box, int hash, const uint8_t *key,
                                size_t key_length) {
    // A key of no bytes would mean "the key of before" to EVP_MAC_init.
    if (!ccrypto_has_hash(box, hash) || key_length == 0) return NULL;
    ccrypto_mac *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->context = EVP_MAC_CTX_new(box->hmac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)names[hash], 0),
        OSSL_PARAM_construct_end()};
    if (made->context && EVP_MAC_init(made->context, key, key_length, params) == 1) return made;
    ccrypto_mac_destroy(made);
    return NULL;
}

void ccrypto_mac_destroy(ccrypto_mac *mac) {
    EVP_MAC_CTX_free(mac->context);
    free(mac);
}

int ccrypto_mac_compute(ccrypto_mac *mac, const uint8_t *message, size_t length, size_t hole,
                        size_t hole_length, uint8_t *digest) {
    static const uint8_t zeros[CCRYPTO_MAX_DIGEST];
    if (hole_length > sizeof zeros || hole > length || hole_length > length - hole) return -1;
    EVP_MAC_CTX *context = mac->context;
    size_t after = hole + hole_length, produced = 0;
    // Without a key this starts again with the key of before.
    if (EVP_MAC_init(context, NULL, 0, NULL) != 1) return -1;
    if (EVP_MAC_update(context, message, hole) != 1) return -1;
    if (hole_length > 0 && EVP_MAC_update(context, zeros, hole_length) != 1) return -1;
    if (EVP_MAC_update(context, message + after, length - after) != 1) return -1;
    return EVP_MAC_final(context, digest, &produced, CCRYPTO_MAX_DIGEST) == 1 ? 0 : -1;
}

int ccrypto_hmac(ccrypto_toolbox *box, int hash, const uint8_t *key, size_t key_length,
                 const uint8_t *message, size_t length, uint8_t *digest) {
    ccrypto_mac *mac = ccrypto_mac_create(box, hash, key, key_length);
    if (!mac) return -1;
    uint8_t whole[CCRYPTO_MAX_DIGEST];
    int result = ccrypto_mac_compute(mac, message, length, 0, 0, whole);
    if (result == 0) memcpy(digest, whole, lengths[hash]);
    ccrypto_mac_destroy(mac);
    return result;
}

int ccrypto_aes128_cfb_encrypt(ccrypto_toolbox *box, const uint8_t *key, const uint8_t *iv,
                               const uint8_t *input, size_t length, uint8_t *output) {
    if (length > CCRYPTO_MAX_TEXT) return -1;
    int written = 0;
    if (EVP_EncryptInit_ex2(box->encryption, box->cfb, key, iv, NULL) != 1) return -1;
    if (EVP_EncryptUpdate(box->encryption, output, &written, input, (int)length) != 1) return -1;
    return (size_t)written == length ? 0 : -1;
}

// The key stream of a block is the encryption of the ciphertext before it, which the receiver has
// in whole: many blocks are computed side by side, where libcrypto's CFB takes one after another
// (for 1,300 bytes a quarter of the time).
int ccrypto_aes128_cfb_decrypt(ccrypto_toolbox *box, const uint8_t *key, const uint8_t *iv,
                               const uint8_t *input, size_t length, uint8_t *output) {
    if (length > CCRYPTO_MAX_TEXT) return -1;
    if (length == 0) return 0;
    size_t padded = (length + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
    uint8_t *stream = box->stream;
    memcpy(stream, iv, AES_BLOCK);
    memcpy(stream + AES_BLOCK, input, padded - AES_BLOCK);
    int written = 0;
    if (EVP_EncryptInit_ex2(box->decryption, box->ecb, key, NULL, NULL) != 1) return -1;
    EVP_CIPHER_CTX_set_padding(box->decryption, 0);
    if (EVP_EncryptUpdate(box->decryption, stream, &written, stream, (int)padded) != 1) return -1;
    if ((size_t)written != padded) return -1;
    for (size_t i = 0; i < length; i++) output[i] = input[i] ^ stream[i];
    return 0;
}

static int des_cbc(const uint8_t *key, const uint8_t *iv, const uint8_t *input, size_t length,
                   uint8_t *output, int direction) {
    if (length > CCRYPTO_MAX_TEXT || length % sizeof(DES_cblock) != 0) return -1;
    DES_cblock block, vector;
    DES_key_schedule schedule;
    memcpy(block, key, sizeof block);
    memcpy(vector, iv, sizeof vector);
    DES_set_key_unchecked(&block, &schedule);
    DES_ncbc_encrypt(input, output, (long)length, &schedule, &vector, direction);
    OPENSSL_cleanse(&schedule, sizeof schedule);
    OPENSSL_cleanse(block, sizeof block);
    return 0;
}

int ccrypto_des_cbc_encrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *input,
                            size_t length, uint8_t *output) {
    return des_cbc(key, iv, input, length, output, DES_ENCRYPT);
}

int ccrypto_des_cbc_decrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *input,
                            size_t length, uint8_t *output) {
    return des_cbc(key, iv, input, length, output, DES_DECRYPT);
}

struct ccrypto_sha256 {
    EVP_MD *hash;
    EVP_MD_CTX *context;
};

static int restart(ccrypto_sha256 *hasher) {
    return EVP_DigestInit_ex2(hasher->context, hasher->hash, NULL) == 1 ? 0 : -1;
}

ccrypto_sha256 *ccrypto_sha256_create(void) {
    ccrypto_sha256 *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->hash = EVP_MD_fetch(NULL, names[CCRYPTO_SHA256], NULL);
    made->context = EVP_MD_CTX_new();
    if (made->hash && made->context && restart(made) == 0) return made;
    ccrypto_sha256_destroy(made);
    return NULL;
}

void ccrypto_sha256_destroy(ccrypto_sha256 *hasher) {
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->hash);
    free(hasher);
}

int ccrypto_sha256_update(ccrypto_sha256 *hasher, const void *bytes, size_t length) {
    return EVP_DigestUpdate(hasher->context, bytes, length) == 1 ? 0 : -1;
}

int ccrypto_sha256_finish(ccrypto_sha256 *hasher, uint8_t *digest) {
    if (EVP_DigestFinal_ex(hasher->context, digest, NULL) != 1) return -1;
    return restart(hasher);
}

int ccrypto_equal(const uint8_t *left, const uint8_t *right, size_t length) {
    return CRYPTO_memcmp(left, right, length) == 0;
}

int ccrypto_random(uint8_t *bytes, size_t length) {
    return length <= 1024 && RAND_bytes(bytes, (int)length) == 1 ? 0 : -1;
}

void ccrypto_erase(uint8_t *bytes, size_t length) { OPENSSL_cleanse(bytes, length); }
