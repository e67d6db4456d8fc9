/*
 * The protocol of leases (docs/rules/quota.md L1, L5, L6): one quota window, one ledger row for each
 * node, any number of nodes. `spin -a -DNODES=2 lease.pml`, compiled with -DSAFETY, looks at every
 * order of steps.
 *
 * What is durable is the ledger's: granted[n], absolute, how far node n may spend, and the lease
 * number that the node spends under. A node spends while used < published, both lost with it when it
 * crashes. Messages (ask, grant) may be lost, come twice, or come late.
 *
 *     ask(lease, used)       give me more; under a new lease number also: the rest is returned
 *     grant(lease, granted)  committed; heard only under the lease number it names
 *
 * A node that returns what it did not spend first stops spending (published := used), then asks
 * under the next number. A node that comes back from a crash takes the next number and counts as
 * used whatever the ledger granted it. The opening of a window grants FIRST to each node without a
 * message.
 *
 * Checked at each step: all that was granted and not returned is at most LIMIT; what a node has
 * spent, as callers saw it, is at most what the ledger granted it.
 *
 * Faults that the check must find, one at a time:
 *     PUBLISH_FIRST   the grant is sent before it is committed, and the ledger may die in between
 *     FORGET_SPENT    a node comes back with what it last reported as used, not with what was granted
 *     KEEP_NUMBER     a node returns its rest under the old lease number
 */
#ifndef NODES
#define NODES 1
#endif
#ifndef LIMIT
#define LIMIT 4
#endif
#ifndef CRASHES
#define CRASHES 2 /* of all nodes together */
#endif
#ifndef RETURNS
#define RETURNS 2
#endif
#define FIRST 1

/* durable */
byte granted[NODES], lease[NODES];
byte net; /* all that was granted less all that was returned */

/* what callers saw, known to nobody */
byte spent[NODES];

byte crashes, returns;

chan ask[NODES] = [1] of { byte, byte };
chan grant[NODES] = [1] of { byte, byte };

#define LEFT (LIMIT - net)

inline check_all()
{
    assert(net <= LIMIT)
}

/* Some of what is left, down to nothing. */
inline choose(amount)
{
    amount = 0;
    do
    :: amount < LEFT -> amount++
    :: break
    od
}

inline commit(n, amount)
{
    granted[n] = granted[n] + amount;
    net = net + amount;
    check_all()
}

proctype ledger(byte n)
{
    byte number, used, amount;
    do
    :: atomic {
           ask[n]?number, used;
           if
           :: number < lease[n] -> goto next /* from before a return or a crash */
           :: number > lease[n] ->           /* the rest of the former lease comes back */
               lease[n] = number;
               net = net - (granted[n] - used);
               granted[n] = used
           :: else
#ifdef KEEP_NUMBER
               -> if
                  :: used < granted[n] ->
                      net = net - (granted[n] - used);
                      granted[n] = used
                  :: else
                  fi
#endif
           fi;
           check_all();
           choose(amount)
#ifndef PUBLISH_FIRST
           ;
           commit(n, amount)
#endif
       }
#ifdef PUBLISH_FIRST
       grant[n]!number, granted[n] + amount;
       if
       :: commit(n, amount)
       :: skip /* the ledger died, and comes back without it */
       fi
#else
       if
       :: grant[n]!number, granted[n]
       :: skip /* lost */
       fi
#endif
next:  atomic { number = 0; used = 0; amount = 0 }
    od
}

proctype node(byte n)
{
    byte number = 0, used = 0, published = FIRST, heard, much;
    do
    /* a caller */
    :: atomic {
           used < published -> used++;
           spent[n]++;
           assert(spent[n] <= granted[n])
       }
    /* ask, once or twice; nobody may hear it */
    :: atomic { nfull(ask[n]) -> ask[n]!number, used }
    :: atomic { nempty(ask[n]) -> ask[n]?heard, much; heard = 0; much = 0 } /* lost */
    /* a grant: the latest word counts, twice is once */
    :: atomic {
           grant[n]?heard, much ->
           if
           :: heard == number && much > published -> published = much
           :: else
           fi;
           heard = 0;
           much = 0
       }
    :: atomic { grant[n]?<heard, much> -> /* and comes again */
           if
           :: heard == number && much > published -> published = much
           :: else
           fi;
           heard = 0;
           much = 0
       }
    /* return the rest */
    :: atomic {
           returns < RETURNS && published > used -> returns++;
           published = used;
#ifndef KEEP_NUMBER
           number++
#endif
       }
    /* a crash, and back */
    :: atomic {
           crashes < CRASHES -> crashes++;
#ifdef FORGET_SPENT
           used = 0;
           if
           :: number > 0 && spent[n] > 0 -> used = spent[n] - 1
           :: else
           fi;
#else
           used = granted[n];
#endif
           published = used;
           number = lease[n] + 1;
           lease[n] = number /* with the session, in one transaction */
       }
    od
}

init {
    byte n = 0;
    atomic {
        do
        :: n < NODES ->
            granted[n] = FIRST;
            net = net + FIRST;
            run ledger(n);
            run node(n);
            n++
        :: else -> break
        od
    }
}
