#ifndef FWD_CLIBSSH2_SHIM_H
#define FWD_CLIBSSH2_SHIM_H

#include <libssh2.h>

#if LIBSSH2_VERSION_NUM < 0x010b00
#error "fwd needs libssh2 1.11.0 or newer (older ones cannot verify RSA host keys of today's servers): run contrib/setup, then '. contrib/env'"
#endif

/* Features of the patches in contrib/libssh2, so that Swift can ask for what a stock library has not got. */

#ifdef LIBSSH2_FWD_PATCHES
#define FWD_HAS_PATCHES 1
#else
#define FWD_HAS_PATCHES 0
#endif

#ifdef LIBSSH2_HAVE_CHANNEL_OPEN_START
#define FWD_OPENS_IN_PARALLEL 1
#else
#define FWD_OPENS_IN_PARALLEL 0
static inline LIBSSH2_CHANNEL *libssh2_channel_open_start(
    LIBSSH2_SESSION *session, const char *type, unsigned int type_len, unsigned int window_size,
    unsigned int packet_size, const char *message, unsigned int message_len)
{
    (void)session, (void)type, (void)type_len, (void)window_size, (void)packet_size, (void)message, (void)message_len;
    return 0;
}
static inline int libssh2_channel_open_poll(LIBSSH2_CHANNEL *channel)
{
    (void)channel;
    return LIBSSH2_ERROR_METHOD_NOT_SUPPORTED;
}
static inline int libssh2_channel_open_failure(
    LIBSSH2_CHANNEL *channel, unsigned int *reason, const char **text, size_t *text_len)
{
    (void)channel, (void)reason, (void)text, (void)text_len;
    return LIBSSH2_ERROR_METHOD_NOT_SUPPORTED;
}
#endif

#ifndef LIBSSH2_HAVE_FORWARDED_WINDOW
static inline void libssh2_session_set_forwarded_window(LIBSSH2_SESSION *session, unsigned int window)
{
    (void)session, (void)window;
}
#endif

#ifdef LIBSSH2_HAVE_MANUAL_WINDOW
#define FWD_HAS_MANUAL_WINDOW 1
#else
#define FWD_HAS_MANUAL_WINDOW 0
static inline int libssh2_channel_manual_window(LIBSSH2_CHANNEL *channel, int manual)
{
    (void)channel, (void)manual;
    return LIBSSH2_ERROR_METHOD_NOT_SUPPORTED;
}
#endif

#endif
