// SHA-256 and HMAC-SHA256 by libcrypto's block function, without a heap object for each digest.
#pragma once
// OpenSSL 3 would have every digest go through EVP, which costs more than hashing the 100 bytes that a commitment has.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

/// A key of HMAC-SHA256 (RFC 2104) after its first block: each message starts from a copy.
typedef struct {
  SHA256_CTX inner;
  SHA256_CTX outer;
} waybill_hmac_key;

/// SHA-256 of `a` and then `b`. A part of no bytes may be null.
static inline void waybill_sha256(const void *a, size_t a_count, const void *b, size_t b_count, void *digest) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, a, a_count);
  SHA256_Update(&context, b, b_count);
  SHA256_Final((unsigned char *)digest, &context);
}

/// At most 64 bytes of key; more would have to be hashed first, and no key here is that long.
static inline void waybill_hmac_prepare(waybill_hmac_key *key, const void *bytes, size_t count) {
  unsigned char pad[SHA256_CBLOCK];
  const unsigned char *from = (const unsigned char *)bytes;
  if (count > sizeof pad) count = sizeof pad;
  for (size_t i = 0; i < sizeof pad; i++) pad[i] = (i < count ? from[i] : 0) ^ 0x36;
  SHA256_Init(&key->inner);
  SHA256_Update(&key->inner, pad, sizeof pad);
  for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
  SHA256_Init(&key->outer);
  SHA256_Update(&key->outer, pad, sizeof pad);
  OPENSSL_cleanse(pad, sizeof pad);
}

/// HMAC of `a` and then `b`. A part of no bytes may be null.
static inline void waybill_hmac(const waybill_hmac_key *key, const void *a, size_t a_count, const void *b, size_t b_count, void *mac) {
  SHA256_CTX context = key->inner;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Update(&context, a, a_count);
  SHA256_Update(&context, b, b_count);
  SHA256_Final(digest, &context);
  context = key->outer;
  SHA256_Update(&context, digest, sizeof digest);
  SHA256_Final((unsigned char *)mac, &context);
  OPENSSL_cleanse(&context, sizeof context);
  OPENSSL_cleanse(digest, sizeof digest);
}
