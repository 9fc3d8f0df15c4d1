/* Speaks libvirt's wire protocol to a daemon with messages that were made beforehand, and says how
 * long the answers took. It does as little as it can, so that what is measured is the daemon.
 *
 *   wire_client SOCKET once < MESSAGES                  each message in turn
 *   wire_client SOCKET loop CLIENTS SECONDS < MESSAGES  many clients: the last message again and again
 *   wire_client SOCKET visit SECONDS < MESSAGES         connect, all messages, close; again and again
 *
 * The first two messages open the connection and are not counted. SIGTERM ends a loop early.
 * Prints a line of microseconds for each answer (once), or calls, seconds and the microseconds of
 * the median, the 99th percentile and the slowest (loop, visit). wire_client.py does the same.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { OPENING = 2, HEAD = 28, ROOM = 1 << 23, MOST = 1 << 20, CLIENTS = 64 };

static const char *path;
static uint8_t *messages[4096];
static uint32_t sizes[4096];
static int count;
static volatile sig_atomic_t ended;
static double deadline;
static pthread_barrier_t together;

struct client {
    pthread_t thread;
    double *taken; /* microseconds */
    size_t calls;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static uint32_t word(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static void read_messages(void) {
    uint8_t length[4];
    while (fread(length, 4, 1, stdin) == 1) {
        uint32_t size = word(length);
        messages[count] = malloc(size);
        memcpy(messages[count], length, 4);
        if (fread(messages[count] + 4, size - 4, 1, stdin) != 1) fail("stdin");
        sizes[count++] = size;
    }
}

static int connected(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int wire = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (wire < 0 || connect(wire, (struct sockaddr *)&address, sizeof address)) fail(path);
    return wire;
}

static void receive(int wire, uint8_t *into, size_t size) {
    while (size > 0) {
        ssize_t got = read(wire, into, size);
        if (got <= 0) fail("the daemon hung up");
        into += got;
        size -= got;
    }
}

/* One message and its answer; who has not asked for events gets nothing else. */
static void call(int wire, int index, uint8_t *room) {
    if (write(wire, messages[index], sizes[index]) != (ssize_t)sizes[index]) fail("write");
    ssize_t got = read(wire, room, ROOM);
    if (got < HEAD) fail("the daemon hung up");
    uint32_t size = word(room);
    if (size > ROOM) fail("a long answer");
    if (size > (size_t)got) receive(wire, room + got, size - got);
    if (word(room + 24) != 0) {
        fprintf(stderr, "procedure %u was refused: %.80s\n", word(room + 12), room + HEAD + 16);
        exit(1);
    }
}

static void open_connection(int wire, uint8_t *room) {
    for (int index = 0; index < OPENING; index++) call(wire, index, room);
}

static int goes_on(const struct client *client) {
    return !ended && now() < deadline && client->calls < MOST;
}

static void *loop(void *argument) {
    struct client *client = argument;
    uint8_t *room = malloc(ROOM);
    int wire = connected();
    open_connection(wire, room);
    pthread_barrier_wait(&together);
    while (goes_on(client)) {
        double begin = now();
        call(wire, count - 1, room);
        client->taken[client->calls++] = now() - begin;
    }
    return NULL;
}

static void *visit(void *argument) {
    struct client *client = argument;
    uint8_t *room = malloc(ROOM);
    while (goes_on(client)) {
        double begin = now();
        int wire = connected();
        for (int index = 0; index < count; index++) call(wire, index, room);
        close(wire);
        client->taken[client->calls++] = now() - begin;
    }
    return NULL;
}

static void once(void) {
    uint8_t *room = malloc(ROOM);
    int wire = connected();
    open_connection(wire, room);
    for (int index = OPENING; index < count; index++) {
        double begin = now();
        call(wire, index, room);
        printf("%.1f\n", now() - begin);
    }
}

static int by_value(const void *one, const void *two) {
    double a = *(const double *)one, b = *(const double *)two;
    return (a > b) - (a < b);
}

static void report(struct client *clients, int number, double seconds) {
    double *all = malloc(sizeof *all * MOST * number);
    size_t calls = 0;
    for (int index = 0; index < number; index++) {
        memcpy(all + calls, clients[index].taken, clients[index].calls * sizeof *all);
        calls += clients[index].calls;
    }
    if (calls == 0) fail("no call came to an end");
    qsort(all, calls, sizeof *all, by_value);
    printf("%zu %.6f %.1f %.1f %.1f\n", calls, seconds, all[calls / 2], all[calls * 99 / 100],
           all[calls - 1]);
}

static void many(void *(*work)(void *), int number, double seconds) {
    static struct client clients[CLIENTS];
    pthread_barrier_init(&together, NULL, number);
    double begin = now();
    deadline = begin + seconds * 1e6;
    for (int index = 0; index < number; index++) {
        clients[index].taken = malloc(sizeof(double) * MOST);
        pthread_create(&clients[index].thread, NULL, work, &clients[index]);
    }
    for (int index = 0; index < number; index++) pthread_join(clients[index].thread, NULL);
    report(clients, number, (now() - begin) / 1e6);
}

static void end(int number) {
    (void)number;
    ended = 1;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    path = argv[1];
    read_messages();
    if (!strcmp(argv[2], "once"))
        once();
    else if (!strcmp(argv[2], "loop") && argc == 5)
        many(loop, atoi(argv[3]), atof(argv[4]));
    else if (!strcmp(argv[2], "visit") && argc == 4)
        many(visit, 1, atof(argv[3]));
    else
        return 2;
    return 0;
}
