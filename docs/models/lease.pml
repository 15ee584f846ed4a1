/*
 * The lease protocol of lib/leases with its clocks: one instance, one lease, one store. The other
 * instances are the world's: whenever the store's record is free, one of them may take it, and give
 * it back.
 *
 * Time is counted in ticks. Messages take any time, arrive in any order, and may be lost. The
 * instance does what is due at any later moment, as one whose event loop is blocked does, unless
 * URGENT is 1. check.mjs checks each claim, and that it breaks without its assumption.
 */

/* The numbers of docs/contract.md, as parts of the ttl. */
#ifndef TTL
#define TTL 12
#endif
#define RENEW (TTL / 3)
#define CALL (TTL / 6)
#define RETRY ((TTL + 11) / 12)

/* Assumptions: each is 1 where the library makes sure of it, and 0 drops it. */

/* The holder counts nine tenths of the ttl, not all of it. */
#ifndef MARGIN
#define MARGIN 1
#endif
/* Validity counts from the sending of a request, not from its response. */
#ifndef FROM_REQUEST
#define FROM_REQUEST 1
#endif
/* Every try to acquire has an owner of its own. */
#ifndef OWN_NAME
#define OWN_NAME 1
#endif
/* The larger of the monotonic and the wall clock counts. */
#ifndef BOTH_CLOCKS
#define BOTH_CLOCKS 1
#endif
/* The clocks are read right before each poll, for a timer may come late. */
#ifndef CHECK_HELD
#define CHECK_HELD 1
#endif
/* A call to the store is given up after a sixth of the ttl. */
#ifndef CALL_BOUND
#define CALL_BOUND 1
#endif
/* Whoever attaches to a signal that has aborted sees that it has. */
#ifndef SEES_ABORTED
#define SEES_ABORTED 1
#endif
/* A free lease is tried for every third of the ttl. */
#ifndef TRY_EVERY
#define TRY_EVERY RENEW
#endif

/* What the world may do. */

/* So many tries to acquire; 0: any number. A message may be on its way for longer than they last. */
#ifndef TRIES
#define TRIES 3
#endif

/* The instance's clocks miss one tick in so many; 0: they are as fast as the store's. */
#ifndef MISSES
#define MISSES 0
#endif
/* The machine is suspended once: the monotonic clock stands still meanwhile. */
#ifndef SUSPENDS
#define SUSPENDS 0
#endif
/* The store forgets who holds the lease, once: a failover that loses the last write. */
#ifndef FORGETS
#define FORGETS 0
#endif
/* So many messages are lost; 255: any number. */
#ifndef LOSSES
#define LOSSES 255
#endif
/* A listener blocks when the lease is granted, for longer than it is valid. */
#ifndef BLOCKS
#define BLOCKS 0
#endif
/* Another instance held the lease, and has just died: 1. */
#ifndef DIED
#define DIED 0
#endif

/* What is claimed, beside the claim on every poll. */

/* What is due is done before time passes, and a response comes at once or never. */
#ifndef URGENT
#define URGENT 0
#endif
/* A lease is never lost. */
#ifndef KEEPS
#define KEEPS 0
#endif
/* The lease of one that died is held again after so many ticks; 0: not asked. */
#ifndef TAKEN_WITHIN
#define TAKEN_WITHIN 0
#endif

#if MARGIN
#define VALID (TTL * 9 / 10)
#else
#define VALID TTL
#endif
#define TOP (TTL + 1)
#define OTHER 99
#define NOBODY 0
#if OWN_NAME
#define US (1 + try)
#else
#define US 1
#endif
#if BOTH_CLOCKS
#define AGE (wall > mono -> wall : mono)
#define ASKED_AGE (askedWall > askedMono -> askedWall : askedMono)
#else
#define AGE mono
#define ASKED_AGE askedMono
#endif

mtype = { out, asking, held, renewing, leaving };
mtype = { acquire, extend, release };
mtype = { granted, refused, extended, notOwned };

mtype phase = out;
byte mono;       /* since the last good request was sent, on the monotonic clock */
byte wall;       /* the same, on the wall clock */
byte askedMono;  /* since the request under way was sent */
byte askedWall;
byte due;        /* until the next try or renewal */
byte try;        /* which one; its owner is told apart by it */
byte missing;    /* until the clocks may miss a tick again */
byte wedged;     /* for so long the poller of a lost lease has neither polled nor ended */
bit asleep, slept, begun, blocked;

byte owner = (DIED -> OTHER : NOBODY);
byte left = (DIED -> TTL : 0);
byte losses = LOSSES;
byte vacant;     /* since the other one died, while the lease is not held here */
bit forgot;

/* The operation, which try it is of, and whether its response is still waited for. */
chan request = [2] of { mtype, byte, bit };
chan response = [1] of { mtype };

#define HOLDS (phase == held || phase == renewing)
#define WAITS (phase == asking || phase == renewing)
#define MUST_TRY (phase == out && due == 0 && (TRIES == 0 || try < TRIES))
#define MUST_RENEW (phase == held && (wedged || mono < VALID) && (due == 0 || AGE >= VALID))
#define MUST_GIVE_UP (WAITS && CALL_BOUND && askedMono >= CALL)
#define HAS_EXPIRED (HOLDS && !wedged && mono >= VALID)
#define BUSY (!asleep && (MUST_TRY || MUST_RENEW || MUST_GIVE_UP || HAS_EXPIRED || \
  phase == leaving || len(request) > 0 || len(response) > 0))

inline ask(operation) {
  askedMono = 0;
  askedWall = 0;
  /* What is still on its way was given up: it may arrive, and nobody hears the response. */
  if
  :: len(request) == 1 -> request ? old, oldTry, _; request ! old, oldTry, 0
  :: else
  fi;
  if
  :: len(response) == 1 -> response ? _
  :: else
  fi;
  request ! operation, try, 1
}

inline renewed() {
  mono = (FROM_REQUEST -> askedMono : 0);
  wall = (FROM_REQUEST -> askedWall : 0);
  due = (RENEW > askedMono -> RENEW - askedMono : 0);
  phase = held
}

inline lose() {
  assert(!KEEPS);
  if
  :: begun || SEES_ABORTED -> phase = leaving
  /* The poller never hears of it: its lease is renewed for ever. */
  :: else -> wedged = 1; phase = held; due = RENEW
  fi
}

active proctype instance() {
  mtype what, old;
  byte oldTry;
  /* The next try may come at any moment of its interval. */
  atomic { if :: DIED -> select (due : 0 .. TRY_EVERY) :: else fi };
  do
  :: atomic { !asleep && MUST_TRY && len(request) < 2 ->
       try = (TRIES == 0 -> 1 - try : try + 1);
       ask(acquire);
       phase = asking }

  :: atomic { !asleep && len(response) > 0 ->
       response ? what;
       if
       :: !WAITS
       :: WAITS && what == granted && ASKED_AGE >= VALID -> phase = leaving
       :: WAITS && what == granted && ASKED_AGE < VALID ->
            renewed();
            begun = 1;
            if
            :: BLOCKS && !blocked -> blocked = 1; begun = 0; mono = TOP; wall = TOP; left = 1
            :: true
            fi
       :: WAITS && what == refused -> phase = out; due = TRY_EVERY
       :: WAITS && what == extended -> renewed()
       :: WAITS && what == notOwned -> lose()
       fi }

  :: atomic { !asleep && MUST_RENEW && len(request) < 2 -> ask(extend); phase = renewing }

  :: atomic { !asleep && MUST_GIVE_UP ->
       if
       /* It may have been granted: it is given back. */
       :: phase == asking -> phase = leaving
       /* The wall clock alone says that it is over: the store did not confirm the contrary. */
       :: phase == renewing && !wedged && AGE >= VALID -> lose()
       :: phase == renewing && (wedged || AGE < VALID) -> phase = held; due = RETRY
       fi }

  :: atomic { !asleep && HAS_EXPIRED -> lose() }

  /* A poll is sent: at this moment the store must say that the lease is ours. */
  :: atomic { !asleep && HOLDS && !wedged && (!CHECK_HELD || AGE < VALID) && !URGENT ->
       assert(owner == US) }

  /* The last task has ended. */
  :: atomic { !asleep && phase == leaving && len(request) < 2 ->
       ask(release);
       begun = 0;
       phase = out;
       due = TRY_EVERY }
  od
}

#define REPLY(what) if :: wanted && WAITS -> response ! what :: else fi

active proctype store() {
  mtype operation;
  byte whose;
  bit wanted;
  do
  :: atomic { len(request) > 0 && len(response) == 0 ->
       request ? operation, whose, wanted;
       /* Of two on their way, the later one may come first. */
       if
       :: len(request) == 1 -> request ! operation, whose, wanted; request ? operation, whose, wanted
       :: true
       fi;
       whose = (OWN_NAME -> 1 + whose : 1);
       if
       :: operation == acquire && owner == NOBODY ->
            owner = whose;
            left = TTL;
            REPLY(granted)
       :: operation == acquire && owner != NOBODY -> REPLY(refused)
       :: operation == extend && owner == whose -> left = TTL; REPLY(extended)
       :: operation == extend && owner != whose -> REPLY(notOwned)
       :: operation == release && owner == whose -> owner = NOBODY; left = 0
       :: operation == release && owner != whose
       fi }
  :: atomic { losses > 0 && len(request) > 0 -> request ? _, _, _; losses = (losses == 255 -> 255 : losses - 1) }
  :: atomic { losses > 0 && len(response) > 0 -> response ? _; losses = (losses == 255 -> 255 : losses - 1) }
  od
}

active proctype world() {
  do
  /* A tick passes. */
  :: atomic { !URGENT || !BUSY ->
       left = (left > 0 -> left - 1 : 0);
       owner = (left == 0 -> NOBODY : owner);
       if
       :: MISSES > 0 && missing == 0 -> missing = MISSES - 1
       :: true ->
            missing = (missing > 0 -> missing - 1 : 0);
            wall = (wall < TOP -> wall + 1 : TOP);
            askedWall = (askedWall < TOP -> askedWall + 1 : TOP);
            if
            :: !asleep ->
                 mono = (mono < TOP -> mono + 1 : TOP);
                 askedMono = (askedMono < TOP -> askedMono + 1 : TOP);
                 due = (due > 0 -> due - 1 : 0)
            :: asleep
            fi
       fi;
       /* What nobody looks at stays as it is, so that there are fewer states. */
       if :: !HOLDS -> mono = 0; wall = 0 :: else fi;
       if :: !WAITS -> askedMono = 0; askedWall = 0 :: else fi;
       vacant = (DIED && !HOLDS && vacant < 200 -> vacant + 1 : 0);
       assert(TAKEN_WITHIN == 0 || vacant <= TAKEN_WITHIN);
       wedged = (wedged > 0 && wedged < 200 -> wedged + 1 : wedged);
       assert(wedged < 2 * TTL) }

  /* Others take the lease where it is free, and give it back. */
  :: atomic { owner == NOBODY && !DIED -> owner = OTHER; left = TTL }
  :: atomic { owner == OTHER && !DIED -> owner = NOBODY; left = 0 }

  :: atomic { SUSPENDS && !slept -> slept = 1; asleep = 1 }
  :: atomic { asleep -> asleep = 0 }
  :: atomic { FORGETS && !forgot && owner != NOBODY -> forgot = 1; owner = NOBODY; left = 0 }
  od
}
