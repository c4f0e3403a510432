/*
 * Load for what wrk cannot do: sends the bytes of a file over many connections and counts what comes back.
 *
 * A generator in JavaScript costs as much for a message, or for a connection, as the servers that it would measure; this
 * one does not. Arguments: PORT CONNECTIONS FILE ANSWER_LENGTH WARMUP_MS MEASURE_MS [NAME=VALUE]... An ANSWER_LENGTH of 0
 * means that an answer begins with "HTTP/1.1 200" and ends with the connection, after which another one is opened. Also:
 *
 *   opening=FILE   bytes that go before the first request; the answer to them ends with an empty line
 *   variants=N     the file has N messages of one length, which take turns
 *   pipeline=N     a message is N requests, which are answered together
 *   count=N        ends after N answers, however long that takes
 *   burst=MS       without a length of answers: all connections are opened together, and again so long after the last has ended
 *
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
static char messages[1 << 21], input[1 << 20], opening[1 << 12];

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
static int poll, variants = 1, pipeline = 1, burst = -1;
static unsigned long long count;

static unsigned long long answered;

static void count_answer(int fd) {
  long long now = microseconds();
  answered++;
  slots[now - since[fd] < SLOTS ? now - since[fd] : SLOTS - 1]++;
  since[fd] = now;
}

/* Sends the next message; whether the kernel took all of it. */
static int ask(int fd) {
  static int turn;
  const char *message = messages + (size_t)turn * length;
  turn = turn + 1 == variants ? 0 : turn + 1;
  return write(fd, message, length) == (ssize_t)length;
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
  return ask(fd) ? fd : -1;
}

static size_t contents(const char *name, char *into, size_t room) {
  FILE *file = fopen(name, "rb");
  size_t size = file == NULL ? 0 : fread(into, 1, room, file);
  if (size == 0) exit(2);
  fclose(file);
  return size;
}

static void option(const char *text) {
  const char *value = strchr(text, '=');
  if (value == NULL) exit(2);
  value++;
  if (strncmp(text, "opening=", 8) == 0) opening_length = contents(value, opening, sizeof opening);
  else if (strncmp(text, "variants=", 9) == 0) variants = atoi(value);
  else if (strncmp(text, "pipeline=", 9) == 0) pipeline = atoi(value);
  else if (strncmp(text, "count=", 6) == 0) count = strtoull(value, NULL, 10);
  else if (strncmp(text, "burst=", 6) == 0) burst = atoi(value);
  else exit(2);
}

int main(int arity, char **arguments) {
  if (arity < 7) return 2;
  int connections = atoi(arguments[2]);
  int open_ones = 0;
  long long warmup = atoll(arguments[5]) * 1000, measure = atoll(arguments[6]) * 1000;
  unsigned long long errors = 0;
  struct epoll_event events[256];
  for (int i = 7; i < arity; i++) option(arguments[i]);
  length = contents(arguments[3], messages, sizeof messages) / (size_t)variants;
  answer = strtoul(arguments[4], NULL, 10);
  poll = epoll_create1(0);
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)atoi(arguments[1]));
  for (int i = 0; i < connections; i++) {
    if (ask_anew() < 0) return 1;
    open_ones++;
  }
  long long start = microseconds(), now = start;
  int is_measuring = 0;
  while (count == 0 || answered < count) {
    int ready = epoll_wait(poll, events, 256, 100);
    now = microseconds();
    if (!is_measuring && now - start >= warmup) {
      is_measuring = 1;
      start = now;
      answered = 0;
      errors = 0;
      memset(slots, 0, sizeof slots);
      say("begin");
    } else if (is_measuring && count == 0 && now - start >= measure) {
      break;
    }
    if (open_ones == 0) {
      usleep((useconds_t)burst * 1000);
      for (; open_ones < connections; open_ones++) {
        if (ask_anew() < 0) return 1;
      }
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
        if (burst >= 0) open_ones--;
        else if (ask_anew() < 0) errors++;
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
      if (!ask(fd)) errors++;
    }
  }
  say("end");
  printf("{\"rate\":%.1f,\"p50\":%.3f,\"p99\":%.3f,\"errors\":%llu}\n", (double)answered * pipeline * 1e6 / (double)(microseconds() - start),
         percentile(answered, 0.5), percentile(answered, 0.99), errors);
  return 0;
}
