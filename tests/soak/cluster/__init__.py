"""Random faults on several machines (``make soak-cluster MINUTES=30``): every run must end as without any fault.

places       machines: namespaces of processes and networks, each with a home, a web process and a supervisor
stand_in     answers as the head of a Ray cluster does, and starts jobs on the places
services     what all machines share: PostgreSQL, the store, the head; and how each of them goes away and comes back
home         where people work: launches, cancellations and deletions on the shared registry
faults       what happens at random
examination  what must hold once everything has come to rest
rounds       faults, rest and examination, again and again

Ray itself is not here: its raylet gives up on two cores that other tests use. ``make test-cluster`` has it.
"""
