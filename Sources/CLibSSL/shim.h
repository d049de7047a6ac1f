// libssl's macros, and what a socket says of its bytes under way, which Swift cannot call.
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

static inline int waybill_ssl_min_tls12(SSL_CTX *context) { return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); }
static inline int waybill_ssl_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, (char *)name); }
static inline int waybill_ssl_expect_address(SSL *ssl, const char *address) {
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address);
}

/// Bytes that the other side's system has not acknowledged yet, sent or not; -1: nobody knows.
static inline int waybill_socket_unacknowledged(int descriptor) {
  int count = -1;
#ifdef __linux__
  if (ioctl(descriptor, SIOCOUTQ, &count) != 0) return -1;
#else
  socklen_t size = sizeof count;
  if (getsockopt(descriptor, SOL_SOCKET, SO_NWRITE, &count, &size) != 0) return -1;
#endif
  return count;
}

/// Has the system find out within so many seconds whether the other side is still there while no bytes are under way. (With
/// TCP_USER_TIMEOUT a receiver that is merely slow to read would be cut off.)
static inline void waybill_socket_probe(int descriptor, int seconds) {
  int on = 1, one = 1, count = seconds > 2 ? seconds - 1 : 1;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef __linux__
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof one);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &one, sizeof one);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
#else
  (void)one, (void)count;
#endif
}
