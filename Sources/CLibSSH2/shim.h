#ifndef FWD_CLIBSSH2_SHIM_H
#define FWD_CLIBSSH2_SHIM_H

#include <libssh2.h>

#if LIBSSH2_VERSION_NUM < 0x010b00
#error "fwd needs libssh2 1.11.0 or newer (older ones cannot verify RSA host keys of today's servers): run contrib/setup, then '. contrib/env'"
#endif

#endif
