#!/bin/sh
# Asks real questions of the sample two_tier and shows the answers: `make demo`.
# "No" and "undecided" are answers too; only a question that could not be asked ends the demo.
cd "$(dirname "$0")/.." || exit 2

ask() {
    printf '\n$ reach'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    reach "$@"
    [ $? -ne 2 ] || exit 2
}

sample=samples/two_tier/snapshot

ask show --snapshot $sample
ask can internet reach web-1 port 443 --snapshot $sample
ask can internet reach db-1 port 5432 --snapshot $sample
ask can app-1 reach db-1 port 5432 --snapshot $sample
ask can web-1 reach db-1 port 5432 --snapshot $sample
ask can db-1 reach internet port 443 --snapshot $sample
ask can app-1 reach 10.200.1.10 port 443 --snapshot $sample
ask "can 0.0.0.0/0 reach port 22" --snapshot $sample
ask test samples/two_tier/cases.reach.yaml

# A way in that was forgotten, a change that would open a way, a company's estate.
ask can internet reach till port 443 --paths 3 --snapshot samples/two_ways/snapshot
ask can shop-1 reach store-1 port 5432 --fix --snapshot samples/fixes/snapshot
ask can test-build-1 reach prod-app-1 port 8081 --snapshot samples/estate/snapshot

# All that is reachable at all, two sides that are kept apart, and what one rule more has opened.
ask exposure --snapshot samples/two_ways/snapshot
ask isolated shop-db-a internet --snapshot $sample
ask diff samples/two_ways/snapshot samples/two_ways/opened
