/* The least a poll can cost: send a request on a kept connection, receive the answer, decode nothing.
 *
 *   poll [port=80] [flying=100] [rounds=30]      1,000 miners from 127.1.0.1 on, each polled once a round
 *
 * Prints polls, CPU seconds and polls per CPU-second as JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MINERS 1000
#define REQUEST                                                                              \
    "POST /api/summary HTTP/1.1\r\nHost: 127.1.0.1\r\nAuthorization: Bearer "                \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"           \
    "Content-Length: 0\r\n\r\n"

static int files[MINERS], got[MINERS], poller, port = 80;

static void ask(int miner) {
    got[miner] = 0;
    if (send(files[miner], REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL) < 0) { perror("send"); exit(1); }
}

static void connect_to(int miner) {
    int file = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f010001 + miner)};
    if (connect(file, (void *)&there, sizeof there)) { perror("connect"); exit(1); }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = miner};
    epoll_ctl(poller, EPOLL_CTL_ADD, file, &event);
    files[miner] = file;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **words) {
    int flying = 100, rounds = 30;
    for (int i = 1; i < count; i++) {
        sscanf(words[i], "port=%d", &port);
        sscanf(words[i], "flying=%d", &flying);
        sscanf(words[i], "rounds=%d", &rounds);
    }
    poller = epoll_create1(0);
    for (int miner = 0; miner < MINERS; miner++) connect_to(miner);
    long total = (long)MINERS * rounds, asked = 0, done = 0;
    double began = cpu();
    while (asked < flying) ask(asked++ % MINERS);
    while (done < total) {
        static char bytes[16384];
        struct epoll_event events[256];
        int happened = epoll_wait(poller, events, 256, 5000);
        if (happened <= 0) { fprintf(stderr, "the farm is silent\n"); return 1; }
        for (int i = 0; i < happened; i++) {
            int miner = events[i].data.u32;
            int size = recv(files[miner], bytes, sizeof bytes, 0);
            if (size <= 0) { fprintf(stderr, "the farm hung up\n"); return 1; }
            got[miner] += size;
            if (size < 5 || memcmp(bytes + size - 5, "0\r\n\r\n", 5)) continue;
            if (got[miner] < 200) { fprintf(stderr, "a short answer\n"); return 1; }
            done++;
            if (asked < total) ask(asked++ % MINERS);
        }
    }
    double spent = cpu() - began;
    printf("{\"polls\":%ld,\"cpu\":%.3f,\"per_cpu_second\":%.0f}\n", done, spent, done / spent);
}
