/*
 * Load for what wrk cannot do: sends the bytes of a file over many connections and counts what comes back.
 *
 * A generator in JavaScript costs as much for a message, or for a connection, as the servers that it would measure; this
 * one does not. Arguments: PORT CONNECTIONS FILE ANSWER_LENGTH WARMUP_MS MEASURE_MS [OPENING_FILE]. An ANSWER_LENGTH of 0
 * means that an answer begins with "HTTP/1.1 200" and ends with the connection, after which another one is opened. The
 * bytes of OPENING_FILE go before the first request; the answer to them ends with an empty line.
 * Prints "begin", "end" and a line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 65536, SLOTS = 1 << 20 };

static size_t unread[MAX_FDS];
static char is_good[MAX_FDS];
static long long since[MAX_FDS];
/* Answers by their latency in microseconds; the last slot has all that took longer. */
static unsigned slots[SLOTS];
static char message[1 << 21], input[1 << 20], opening[1 << 12];

static long long microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static double percentile(unsigned long long total, double share) {
  unsigned long long left = (unsigned long long)((double)total * share);
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i] > left) return i / 1000.0;
    left -= slots[i];
  }
  return SLOTS / 1000.0;
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

static struct sockaddr_in server;
static size_t length, answer, opening_length;
static int poll;

static unsigned long long answered;

static void count_answer(int fd) {
  long long now = microseconds();
  answered++;
  slots[now - since[fd] < SLOTS ? now - since[fd] : SLOTS - 1]++;
  since[fd] = now;
}

/* Sends the opening, and reads its answer, byte by byte up to the empty line: what is behind it would be a message. */
static int open_connection(int fd) {
  int matched = 0;
  char byte;
  if (opening_length == 0) return 0;
  if (write(fd, opening, opening_length) != (ssize_t)opening_length) return -1;
  while (matched < 4) {
    if (read(fd, &byte, 1) != 1) return -1;
    matched = byte == "\r\n\r\n"[matched] ? matched + 1 : byte == '\r';
  }
  return 0;
}

/*
 * Connects and asks. A closed connection keeps its two ends' ports for a minute, so a connection for each request has its
 * end at another one of the loopback's many addresses each time.
 */
static int ask_anew(void) {
  static unsigned turn;
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  struct sockaddr_in own = {.sin_family = AF_INET};
  if (answer == 0) {
    own.sin_addr.s_addr = htonl(0x7f010001 + turn++ % 60000);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) return -1;
  }
  if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (open_connection(fd) != 0) return -1;
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  unread[fd] = answer;
  is_good[fd] = 0;
  since[fd] = microseconds();
  return write(fd, message, length) == (ssize_t)length ? fd : -1;
}

int main(int count, char **arguments) {
  if (count < 7) return 2;
  int connections = atoi(arguments[2]);
  FILE *file = fopen(arguments[3], "rb");
  long long warmup = atoll(arguments[5]) * 1000, measure = atoll(arguments[6]) * 1000;
  unsigned long long errors = 0;
  struct epoll_event events[256];
  if (file == NULL) return 2;
  length = fread(message, 1, sizeof message, file);
  answer = strtoul(arguments[4], NULL, 10);
  if (count > 7) {
    FILE *first = fopen(arguments[7], "rb");
    if (first == NULL) return 2;
    opening_length = fread(opening, 1, sizeof opening, first);
  }
  poll = epoll_create1(0);
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)atoi(arguments[1]));
  for (int i = 0; i < connections; i++) {
    if (ask_anew() < 0) return 1;
  }
  long long start = microseconds(), now = start;
  int is_measuring = 0;
  for (;;) {
    int ready = epoll_wait(poll, events, 256, 100);
    now = microseconds();
    if (!is_measuring && now - start >= warmup) {
      is_measuring = 1;
      start = now;
      answered = 0;
      errors = 0;
      memset(slots, 0, sizeof slots);
      say("begin");
    } else if (is_measuring && now - start >= measure) {
      break;
    }
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      ssize_t n = read(fd, input, sizeof input);
      if (answer == 0) {
        if (n > 0) {
          if (!is_good[fd]) is_good[fd] = n > 12 && memcmp(input, "HTTP/1.1 200", 12) == 0;
          continue;
        }
        close(fd);
        if (!is_good[fd]) errors++;
        count_answer(fd);
        if (ask_anew() < 0) errors++;
        continue;
      }
      if (n <= 0) {
        errors++;
        close(fd);
        continue;
      }
      if ((size_t)n < unread[fd]) {
        unread[fd] -= (size_t)n;
        continue;
      }
      unread[fd] = answer;
      count_answer(fd);
      if (write(fd, message, length) != (ssize_t)length) errors++;
    }
  }
  say("end");
  printf("{\"rate\":%.1f,\"p50\":%.3f,\"p99\":%.3f,\"errors\":%llu}\n", (double)answered * 1e6 / (double)(now - start),
         percentile(answered, 0.5), percentile(answered, 0.99), errors);
  return 0;
}
