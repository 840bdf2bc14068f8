#ifndef FWD_CRESOLV_SHIM_H
#define FWD_CRESOLV_SHIM_H

#include <sys/types.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

/* The resolver's names are macros in some C libraries, which Swift does not see, or those of a type and a function. */
typedef struct __res_state fwd_resolver;

static inline int fwd_resolver_open(fwd_resolver *state) { return res_ninit(state); }

static inline void fwd_resolver_close(fwd_resolver *state) { res_nclose(state); }

static inline int fwd_resolver_query(
    fwd_resolver *state, const char *name, int type, unsigned char *answer, int length) {
    return res_nquery(state, name, ns_c_in, type, answer, length);
}

/* Asks this server (an IPv4 address in network order) alone, and believes its AD bit. */
static inline void fwd_resolver_use(fwd_resolver *state, struct in_addr address, unsigned short port) {
    state->nscount = 1;
    state->nsaddr_list[0].sin_family = AF_INET;
    state->nsaddr_list[0].sin_addr = address;
    state->nsaddr_list[0].sin_port = htons(port);
#ifdef RES_TRUSTAD
    state->options |= RES_TRUSTAD;
#endif
}

/* At most `tries` questions to each server, `seconds` apart; asks for DNSSEC's judgement. */
static inline void fwd_resolver_limit(fwd_resolver *state, int seconds, int tries) {
    state->retrans = seconds;
    state->retry = tries;
    state->options |= RES_USE_EDNS0 | RES_USE_DNSSEC;
}

static inline int fwd_message_open(const unsigned char *bytes, int length, ns_msg *message) {
    return ns_initparse(bytes, length, message);
}

static inline int fwd_message_answers(ns_msg message) { return ns_msg_count(message, ns_s_an); }

static inline int fwd_message_answer(ns_msg *message, int index, ns_rr *record) {
    return ns_parserr(message, ns_s_an, index, record);
}

#endif
