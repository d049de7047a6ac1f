// CMS signatures (RFC 5652) and time-stamps (RFC 3161) by libcrypto, whose types and macros Swift does not see.
#pragma once
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <string.h>

/// Bytes that libcrypto made; `waybill_release` them.
typedef struct {
  unsigned char *bytes;
  size_t count;
} waybill_bytes;

static inline void waybill_release(waybill_bytes made) { OPENSSL_free(made.bytes); }

static inline BIO *waybill_bio(const void *bytes, size_t count) { return count > INT_MAX ? NULL : BIO_new_mem_buf(bytes, (int)count); }

static inline X509 *waybill_certificate(const char *pem, size_t count) {
  BIO *in = waybill_bio(pem, count);
  X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
  BIO_free(in);
  return certificate;
}

/// No password is asked for: a key that needs one is refused.
static inline int waybill_no_password(char *buffer, int size, int writing, void *context) {
  (void)buffer, (void)size, (void)writing, (void)context;
  return -1;
}

static inline EVP_PKEY *waybill_private_key(const char *pem, size_t count) {
  BIO *in = waybill_bio(pem, count);
  EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, waybill_no_password, NULL) : NULL;
  BIO_free(in);
  return key;
}

/// A detached CMS signature over `data`, DER; no bytes on failure. `certificate` and `key` are PEM and belong together.
static inline waybill_bytes waybill_cms_sign(const char *certificate, size_t certificate_count, const char *key, size_t key_count,
                                             const void *data, size_t data_count) {
  waybill_bytes made = {NULL, 0};
  X509 *signer = waybill_certificate(certificate, certificate_count);
  EVP_PKEY *secret = waybill_private_key(key, key_count);
  BIO *in = waybill_bio(data, data_count);
  CMS_ContentInfo *cms = NULL;
  if (signer && secret && in && X509_check_private_key(signer, secret) == 1)
    cms = CMS_sign(signer, secret, NULL, in, CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP);
  if (cms) {
    int count = i2d_CMS_ContentInfo(cms, &made.bytes);
    made.count = count > 0 ? (size_t)count : 0;
  }
  CMS_ContentInfo_free(cms);
  BIO_free(in);
  EVP_PKEY_free(secret);
  X509_free(signer);
  ERR_clear_error();
  return made;
}

/// 1: `der` is the signature of `certificate` over `data`, with nothing behind it. The certificate itself is not judged.
static inline int waybill_cms_verify(const void *der, size_t der_count, const void *data, size_t data_count, const char *certificate,
                                     size_t certificate_count) {
  int good = 0;
  const unsigned char *at = (const unsigned char *)der;
  CMS_ContentInfo *cms = der_count > LONG_MAX ? NULL : d2i_CMS_ContentInfo(NULL, &at, (long)der_count);
  X509 *signer = waybill_certificate(certificate, certificate_count);
  BIO *in = waybill_bio(data, data_count);
  STACK_OF(X509) *signers = sk_X509_new_null();
  if (cms && signer && in && signers && at == (const unsigned char *)der + der_count && sk_X509_push(signers, signer) > 0)
    good = CMS_verify(cms, signers, NULL, in, NULL, CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY | CMS_DETACHED | CMS_BINARY) == 1;
  sk_X509_free(signers);
  BIO_free(in);
  X509_free(signer);
  CMS_ContentInfo_free(cms);
  ERR_clear_error();
  return good;
}

/// A request to stamp a SHA-256 digest, DER, with its certificate asked for; no bytes on failure.
static inline waybill_bytes waybill_ts_request(const unsigned char digest[32], unsigned long nonce) {
  waybill_bytes made = {NULL, 0};
  TS_REQ *request = TS_REQ_new();
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  if (request && imprint && algorithm && number && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
      TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 && TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)digest, 32) == 1 &&
      ASN1_INTEGER_set_uint64(number, nonce) == 1 && TS_REQ_set_version(request, 1) == 1 && TS_REQ_set_msg_imprint(request, imprint) == 1 &&
      TS_REQ_set_nonce(request, number) == 1 && TS_REQ_set_cert_req(request, 1) == 1) {
    int count = i2d_TS_REQ(request, &made.bytes);
    made.count = count > 0 ? (size_t)count : 0;
  }
  ASN1_INTEGER_free(number);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
  TS_REQ_free(request);
  ERR_clear_error();
  return made;
}

/// What a time-stamp response is.
enum { waybill_ts_good, waybill_ts_malformed, waybill_ts_refused, waybill_ts_other_digest, waybill_ts_other_nonce };

/// `nonce` null: not compared. `time`, of at least 32 bytes, gets the stamp's time as ASN.1 writes it (`20261122031415Z`).
static inline int waybill_ts_check(const void *der, size_t count, const unsigned char digest[32], const unsigned long *nonce, char *time) {
  int found = waybill_ts_malformed;
  const unsigned char *at = (const unsigned char *)der;
  TS_RESP *response = count > LONG_MAX ? NULL : d2i_TS_RESP(NULL, &at, (long)count);
  time[0] = 0;
  if (response && at == (const unsigned char *)der + count) {
    long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response)));
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    if (status != 0 && status != 1) {
      found = waybill_ts_refused;
    } else if (info) {
      TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
      ASN1_OCTET_STRING *message = imprint ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
      X509_ALGOR *algorithm = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
      const ASN1_OBJECT *object = NULL;
      if (algorithm) X509_ALGOR_get0(&object, NULL, NULL, algorithm);
      const ASN1_INTEGER *number = TS_TST_INFO_get_nonce(info);
      const ASN1_GENERALIZEDTIME *stamped = TS_TST_INFO_get_time(info);
      uint64_t value = 0;
      if (!message || !object || OBJ_obj2nid(object) != NID_sha256 || ASN1_STRING_length(message) != 32 ||
          memcmp(ASN1_STRING_get0_data(message), digest, 32) != 0)
        found = waybill_ts_other_digest;
      else if (nonce && (!number || ASN1_INTEGER_get_uint64(&value, number) != 1 || value != *nonce))
        found = waybill_ts_other_nonce;
      else if (stamped && ASN1_STRING_length(stamped) < 32) {
        memcpy(time, ASN1_STRING_get0_data(stamped), (size_t)ASN1_STRING_length(stamped));
        time[ASN1_STRING_length(stamped)] = 0;
        found = waybill_ts_good;
      }
    }
  }
  TS_RESP_free(response);
  ERR_clear_error();
  return found;
}
