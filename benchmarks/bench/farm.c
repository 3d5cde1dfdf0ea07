/* A farm to measure on: one thread that is thousands of miners.
 *
 *   farm REPLIES COUNTERS [port=80] [cgminer=4028] [latency=MILLISECONDS] [statsd=8125]
 *
 * Every address of 127.1.0.0/16 answers as a DragonMint of its own, over HTTP with keep-alive and
 * chunked bodies, with the answers in the folder REPLIES (recorded from a T1). Every address of
 * 127.2.0.0/16 answers as an Antminer of its own: pages behind a digest login of which only the
 * form is looked at, and on a second port one JSON answer with a NUL at its end to one command, then
 * the connection is closed; the answers are in REPLIES/antminer. absent.sh takes addresses away. A
 * UDP socket counts the statsd lines it receives. On SIGUSR1 the counters go to the file COUNTERS
 * as JSON and begin anew. Listens on loopback only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 200000
#define REQUEST 4096
#define PENDING (1 << 18)
#define DATAGRAMS 64

typedef struct { char *bytes; int length; } Text;

typedef struct {
    unsigned char address[4];
    int cgminer, length;
    char buffer[REQUEST];
} Connection;

typedef struct {
    long long due;
    int file, closing, length;
    unsigned generation;
    char *bytes;
} Delayed;

static Connection *connections[MOST_FILES];
static unsigned generations[MOST_FILES];
static Delayed *delayed;
static unsigned delayed_first, delayed_last;
static int poller, latency;
static volatile sig_atomic_t wanted;

static long connects, requests, datagrams, lines, sent;

enum { INDEX, SUMMARY, AUTH, OVERVIEW, POOLS, AUTOTUNE, FIRMWARE, TYPE, OTHER, CALLS };
static struct { const char *path, *file; Text reply; long count; } calls[CALLS] = {
    [INDEX] = {"/", "index.html"},
    [SUMMARY] = {"/api/summary", "summary.json"},
    [AUTH] = {"/api/auth", "auth.json"},
    [OVERVIEW] = {"/api/overview", NULL},
    [POOLS] = {"/api/pools", NULL},
    [AUTOTUNE] = {"/api/getAutoTune", "autotune.json"},
    [FIRMWARE] = {"/api/getLatestFirmwareVersion", "firmware.json"},
    [TYPE] = {"/api/type", "type.json"},
    [OTHER] = {"other", NULL},
};

/* An Antminer's pages, and what it says on the other port; a command with "new_api" is one of its
 * own. The MAC address in the answers stands for each device's. */
#define MAC "02:55:97:22:30:72"
enum { PAGES = 7, REFUSAL = 7, COMMANDS = 14, STRANGE = 14, ANTMINER_CALLS = 15 };
static struct { const char *path, *file; Text reply; long count; } antminer[ANTMINER_CALLS] = {
    {"/cgi-bin/get_system_info.cgi", "antminer/system_info.json"},
    {"/cgi-bin/get_network_info.cgi", "antminer/network.json"},
    {"/cgi-bin/miner_type.cgi", "antminer/type.json"},
    {"/cgi-bin/summary.cgi", "antminer/page_summary.json"},
    {"/cgi-bin/stats.cgi", "antminer/newer_stats.json"},
    {"/cgi-bin/get_miner_conf.cgi", "antminer/conf.json"},
    {"/cgi-bin/get_blink_status.cgi", "antminer/blink.json"},
    [REFUSAL] = {"login asked for", NULL},
    {"newer stats", "antminer/newer_stats.json"},
    {"stats", "antminer/stats.json"},
    {"summary", "antminer/summary.json"},
    {"pools", "antminer/pools.json"},
    {"version", "antminer/version.json"},
    {"devs", "antminer/devs.json"},
    [STRANGE] = {"strange", NULL},
};

static void die(const char *what) { perror(what); exit(1); }

static long long microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static Text load(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    Text text = {malloc(32768), 0};
    text.length = fread(text.bytes, 1, 32768, file);
    fclose(file);
    return text;
}

static void hang_up(int file) {
    free(connections[file]);
    connections[file] = NULL;
    generations[file]++;
    close(file);
}

static void transmit(int file, const char *bytes, int length, int closing) {
    for (int done = 0; done < length;) {
        int taken = send(file, bytes + done, length - done, MSG_NOSIGNAL);
        if (taken <= 0) {
            if (errno == EAGAIN) { usleep(100); continue; }
            hang_up(file);
            return;
        }
        done += taken;
    }
    sent += length;
    if (closing) hang_up(file);
}

static void answer(int file, const char *bytes, int length, int closing) {
    if (!latency) { transmit(file, bytes, length, closing); return; }
    Delayed *one = &delayed[delayed_last++ & (PENDING - 1)];
    *one = (Delayed){microseconds() + latency, file, closing, length, generations[file], malloc(length)};
    memcpy(one->bytes, bytes, length);
}

static void answer_what_is_due(void) {
    long long now = microseconds();
    while (delayed_first != delayed_last && delayed[delayed_first & (PENDING - 1)].due <= now) {
        Delayed *one = &delayed[delayed_first++ & (PENDING - 1)];
        if (connections[one->file] && generations[one->file] == one->generation)
            transmit(one->file, one->bytes, one->length, one->closing);
        free(one->bytes);
    }
}

static void reply(int file, int known, const char *type, const char *body, int length, int closing) {
    static char bytes[65536];
    int size = sprintf(bytes,
                       "HTTP/1.1 %s\r\nServer: nginx/1.12.2\r\nDate: Sat, 16 Jun 2018 22:04:26 GMT\r\n"
                       "Content-Type: %s\r\nTransfer-Encoding: chunked\r\nConnection: %s\r\n"
                       "X-Powered-By: PHP/7.2.4\r\n\r\n%x\r\n",
                       known ? "200 OK" : "404 Not Found", type, closing ? "close" : "keep-alive", length);
    memcpy(bytes + size, body, length);
    size += length;
    memcpy(bytes + size, "\r\n0\r\n\r\n", 7);
    answer(file, bytes, size + 7, closing);
}

static void page(int file, const char *status, const char *more, const char *body, int length, int closing) {
    static char bytes[65536];
    int size = sprintf(bytes,
                       "HTTP/1.1 %s\r\nServer: lighttpd/1.4.32\r\n%sContent-Length: %d\r\nConnection: %s\r\n\r\n",
                       status, more, length, closing ? "close" : "keep-alive");
    memcpy(bytes + size, body, length);
    answer(file, bytes, size + length, closing);
}

static int overview(char *out, const unsigned char *a) {
    return sprintf(out,
                   "{\"success\":true,\"type\":\"T1\",\"hardware\":{\"status\":\"22:04:26 up 3 days,  1:02,  "
                   "load average: 0.07, 0.06, 0.07\",\"memUsed\":82772,\"memFree\":167792,\"memTotal\":250564,"
                   "\"cacheUsed\":43004,\"cacheFree\":188924,\"cacheTotal\":231928},\"network\":{\"dhcp\":\"dhcp\","
                   "\"ipaddress\":\"%d.%d.%d.%d\",\"netmask\":\"255.255.252.0\",\"gateway\":\"10.1.0.1\","
                   "\"dns1\":\"10.1.0.1\",\"dns2\":\"\"},\"version\":{\"hwver\":\"g19\","
                   "\"ethaddr\":\"a0:b0:45:%02x:%02x:%02x\",\"build_date\":\"15th of May 2018 06:08 AM\","
                   "\"platform_v\":\"t1_20180515_060842\"}}",
                   a[0], a[1], a[2], a[3], a[1], a[2], a[3]);
}

static int pools(char *out, const unsigned char *a) {
    return sprintf(out,
                   "{\"success\":true,\"pools\":[{\"url\":\"stratum+tcp://us-east.stratum.slushpool.com:3333\","
                   "\"user\":\"farmer.dragon-45%02x%02x%02x\",\"pass\":\"x\"}]}",
                   a[1], a[2], a[3]);
}

static int find(const char *path, int length) {
    for (int i = 0; i < OTHER; i++)
        if ((int)strlen(calls[i].path) == length && !memcmp(calls[i].path, path, length)) return i;
    return OTHER;
}

static int header(const char *head, const char *end, const char *name, int absent) {
    const char *found = strcasestr(head, name);
    return found && found < end ? atoi(found + strlen(name)) : absent;
}

static int same(const char *name, const char *word, int length) {
    return (int)strlen(name) == length && !memcmp(name, word, length);
}

/* One page of an Antminer: who offers no login is asked for one, who offers any has it. */
static void antminer_page(int file, const unsigned char *a, const char *path, int length, int login, int closing) {
    static char body[32768];
    static const char refusal[] = "<html><head><title>401 - Unauthorized</title></head></html>";
    if (!login) {
        antminer[REFUSAL].count++;
        page(file, "401 Unauthorized",
             "WWW-Authenticate: Digest realm=\"antMiner Configuration\", "
             "nonce=\"5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f\", qop=\"auth\"\r\nContent-Type: text/html\r\n",
             refusal, sizeof refusal - 1, closing);
        return;
    }
    for (int i = 0; i < PAGES; i++) {
        if (!same(antminer[i].path, path, length)) continue;
        antminer[i].count++;
        Text text = antminer[i].reply;
        memcpy(body, text.bytes, text.length);
        char *mac = memmem(body, text.length, MAC, sizeof MAC - 1), own[sizeof MAC];
        sprintf(own, "02:55:97:%02x:%02x:%02x", a[1], a[2], a[3]);
        if (mac) memcpy(mac, own, sizeof MAC - 1);
        page(file, "200 OK", "Content-Type: application/json\r\n", body, text.length, closing);
        return;
    }
    antminer[STRANGE].count++;
    page(file, "404 Not Found", "", "{}", 2, closing);
}

/* One command on the other port. Several joined by + are strange to it, as to many. */
static void one_command(int file, Connection *c) {
    static char out[32768];
    static const char strange[] =
        "{\"STATUS\":[{\"STATUS\":\"E\",\"When\":1755615295,\"Code\":14,"
        "\"Msg\":\"Invalid command\",\"Description\":\"cgminer 1.0.0\"}],\"id\":1}";
    c->buffer[c->length] = 0;
    if (!strchr(c->buffer, '}')) return;
    char *word = strstr(c->buffer, "\"command\"");
    word = word ? strchr(word + 9, '"') : NULL;
    char *end = word ? strchr(word + 1, '"') : NULL;
    if (!end) { hang_up(file); return; }
    requests++;
    int newer = strstr(c->buffer, "new_api") && same("stats", word + 1, end - word - 1);
    for (int i = REFUSAL + 1; i < COMMANDS; i++) {
        if (newer ? strcmp(antminer[i].path, "newer stats") : !same(antminer[i].path, word + 1, end - word - 1)) continue;
        antminer[i].count++;
        Text text = antminer[i].reply;
        memcpy(out, text.bytes, text.length);
        out[text.length] = 0;
        answer(file, out, text.length + 1, 1);
        return;
    }
    antminer[STRANGE].count++;
    answer(file, strange, sizeof strange, 1);
}

/* One whole request out of the buffer: 1 when one was answered, 0 when it is not whole yet,
 * -1 when the connection is or will be closed. */
static int one_request(int file, Connection *c) {
    char made[2048];
    c->buffer[c->length] = 0;
    char *end = strstr(c->buffer, "\r\n\r\n");
    if (!end) return 0;
    int whole = end - c->buffer + 4 + header(c->buffer, end, "\r\ncontent-length:", 0);
    if (c->length < whole) return 0;
    char *path = strchr(c->buffer, ' ');
    char *tail = path ? strchr(path + 1, ' ') : NULL;
    if (!tail) { hang_up(file); return -1; }
    char *close_wish = strcasestr(c->buffer, "\r\nconnection: close");
    int closing = (close_wish && close_wish < end) || !memcmp(tail, " HTTP/1.0", 9);
    if (c->address[1] == 2) {
        char *offered = strcasestr(c->buffer, "\r\nauthorization: digest");
        requests++;
        antminer_page(file, c->address, path + 1, tail - path - 1, offered && offered < end, closing);
        if (closing || connections[file] != c) return -1;
        c->length -= whole;
        memmove(c->buffer, c->buffer + whole, c->length);
        return 1;
    }
    int call = find(path + 1, tail - path - 1);
    Text text = calls[call].reply;
    if (call == OVERVIEW) text = (Text){made, overview(made, c->address)};
    if (call == POOLS) text = (Text){made, pools(made, c->address)};
    if (call == OTHER) text = (Text){"{}", 2};
    requests++;
    calls[call].count++;
    reply(file, call != OTHER, call == INDEX ? "text/html" : "application/json", text.bytes, text.length, closing);
    if (closing || connections[file] != c) return -1;
    c->length -= whole;
    memmove(c->buffer, c->buffer + whole, c->length);
    return 1;
}

static void hear(int file) {
    Connection *c = connections[file];
    if (!c) { close(file); return; }
    int got = recv(file, c->buffer + c->length, REQUEST - 1 - c->length, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { hang_up(file); return; }
    c->length += got;
    if (c->cgminer) { one_command(file, c); return; }
    while (one_request(file, c) == 1) {}
}

static void watch(int file) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, file, &event)) die("epoll");
}

static void welcome(int listener, int cgminer) {
    for (int i = 0; i < 256; i++) {
        int file = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
        if (file < 0) return;
        if (file >= MOST_FILES) { close(file); continue; }
        struct sockaddr_in here;
        socklen_t size = sizeof here;
        getsockname(file, (void *)&here, &size);
        Connection *c = calloc(1, sizeof *c);
        memcpy(c->address, &here.sin_addr, 4);
        c->cgminer = cgminer;
        connections[file] = c;
        generations[file]++;
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connects++;
        watch(file);
    }
}

static void count_datagrams(int file) {
    static char bytes[DATAGRAMS][65536];
    struct mmsghdr messages[DATAGRAMS];
    struct iovec parts[DATAGRAMS];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < DATAGRAMS; i++) {
        parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (int got = DATAGRAMS; got == DATAGRAMS;) {
        got = recvmmsg(file, messages, DATAGRAMS, 0, NULL);
        for (int i = 0; i < got; i++) {
            datagrams++;
            lines++;
            for (unsigned j = 0; j + 1 < messages[i].msg_len; j++) lines += bytes[i][j] == '\n';
        }
    }
}

static void write_counters(const char *path) {
    char fresh[4096];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    if (!file) die(fresh);
    fprintf(file, "{\"connects\":%ld,\"requests\":%ld,\"datagrams\":%ld,\"lines\":%ld,\"bytes\":%ld",
            connects, requests, datagrams, lines, sent);
    for (int i = 0; i < CALLS; i++) {
        fprintf(file, ",\"%s\":%ld", calls[i].path, calls[i].count);
        calls[i].count = 0;
    }
    for (int i = 0; i < ANTMINER_CALLS; i++) {
        fprintf(file, ",\"%s\":%ld", antminer[i].path, antminer[i].count);
        antminer[i].count = 0;
    }
    fprintf(file, "}\n");
    fclose(file);
    rename(fresh, path);
    connects = requests = datagrams = lines = sent = 0;
}

static int listen_on(int port) {
    int file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (setsockopt(file, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3)) die("loopback only");
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (bind(file, (void *)&here, sizeof here) || listen(file, 65535)) die("listen");
    watch(file);
    return file;
}

static int statsd_on(int port) {
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 8 << 20;
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (bind(file, (void *)&here, sizeof here)) die("statsd");
    watch(file);
    return file;
}

static void on_signal(int number) { (void)number; wanted = 1; }

int main(int count, char **words) {
    int port = 80, cgminer = 4028, statsd = 8125;
    if (count < 3) { fprintf(stderr, "farm REPLIES COUNTERS [port=] [cgminer=] [latency=] [statsd=]\n"); return 2; }
    for (int i = 3; i < count; i++) {
        sscanf(words[i], "port=%d", &port);
        sscanf(words[i], "cgminer=%d", &cgminer);
        sscanf(words[i], "statsd=%d", &statsd);
        double milliseconds;
        if (sscanf(words[i], "latency=%lf", &milliseconds) == 1) latency = milliseconds * 1000;
    }
    for (int i = 0; i < CALLS; i++)
        if (calls[i].file) calls[i].reply = load(words[1], calls[i].file);
    for (int i = 0; i < ANTMINER_CALLS; i++)
        if (antminer[i].file) antminer[i].reply = load(words[1], antminer[i].file);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files)) perror("open files");
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    delayed = malloc(sizeof(Delayed) * PENDING);
    poller = epoll_create1(0);
    int listener = listen_on(port), second = listen_on(cgminer), receiver = statsd_on(statsd);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int wait = -1;
        if (delayed_first != delayed_last) {
            long long left = delayed[delayed_first & (PENDING - 1)].due - microseconds();
            wait = left <= 0 ? 0 : (int)((left + 999) / 1000);
        }
        struct epoll_event events[512];
        int happened = epoll_wait(poller, events, 512, wait);
        for (int i = 0; i < happened; i++) {
            int file = events[i].data.fd;
            if (file == listener || file == second) welcome(file, file == second);
            else if (file == receiver) count_datagrams(file);
            else hear(file);
        }
        answer_what_is_due();
        if (wanted) { wanted = 0; count_datagrams(receiver); write_counters(words[2]); }
    }
}
