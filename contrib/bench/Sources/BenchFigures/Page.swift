/// The page contrib/doc/benchmarks.md, made from results alone.
public struct Page {
    let results: Results
    /// Written by hand: where the time goes.
    let notes: String

    public init(results: Results, notes: String) {
        self.results = results
        self.notes = notes
    }

    public var markdown: String {
        let parts = [
            "# Benchmarks\n", introduction, "## Targets\n", TargetTable(targets: Target.all, results: results).markdown,
            targetsText,
        ]
        return (parts + Section.all.flatMap(section) + [method, machine, notes]).filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    private var introduction: String {
        """
        `fwd` beside other SSH forwarders, on the same sshd, measured by turns in one run of `contrib/bench/run`, which \
        measures it on your machine in about a quarter of an hour and writes this page. Every figure is compared with \
        `ssh -L` at its default settings in the same round: ratios count, for absolute figures differ from machine to \
        machine. In the tables a ratio is a median with its smallest and largest value, **bold**, and below it is the \
        median of the figure itself. The values of all runs are in [benchmarks.json](benchmarks.json).

        """
    }

    private var targetsText: String {
        """
        Ratios are to `ssh -L` where nothing else is said. The median counts.

        """
    }

    private func section(_ section: Section) -> [String] {
        let tables = section.tables.map { FigureTable(figures: $0, results: results).markdown }.filter { !$0.isEmpty }
        let picture = Pictures(results: results).svg(section) != nil
        guard !tables.isEmpty || picture else { return [] }
        let image = picture ? ["![\(section.title)](\(Pictures.fileName(section)))\n"] : []
        return ["## \(section.title)\n", section.text + "\n"] + image + tables
    }

    private var method: String {
        """
        ## How it is made

        A private sshd with generated keys, its settings else the default ones, and a target, which is part of the bench, \
        both on this machine; clients and the target are threads of the bench. All contenders of a figure are started \
        and warmed up, then measured by turns: A B C A B C. A contender that fails is reported with its reason.

        In every bulk transfer, of every relay, the bytes are hashed at both ends, and hash and count are compared: the \
        receiver hashes what it gets from the kernel as it comes, the sender the blocks that it has sent, from the same \
        memory, after the transfer. The hash is Poly1305 with a random key for each stream: 15 GB/s on this class of \
        machine where SHA-256 makes 2, so that hashing does not take the CPU that is to be measured; two streams of one \
        GiB that differ in any way have the same hash with a probability below 2⁻⁷⁰. Streams are random blocks of \
        256 KiB, each headed by the numbers of its stream and of itself, so that no two blocks are alike. A stream ends \
        after a time, not after a number of bytes; the sender's socket holds 1 MiB at most, so that the rest is soon \
        over.

        CPU is that of `/proc/PID/stat` of the forwarder's processes and their children, before the first and after the \
        last byte. Memory is that of `/proc/PID/smaps_rollup`. Listeners are awaited by `/proc/PID/net/tcp`, without a \
        connection.

        Paths with a delay are two network namespaces, each with a TUN device, and a thread between them that holds every \
        packet back for half the round trip, lets them go at 1 Gbit/s and drops what finds 25 MB waiting. So each end \
        has its own TCP with real acknowledgements, which a TCP proxy would hide. The MTU is 1500; segments travel in \
        packets of up to 64 KiB, as with the offloads of network cards, and count as the Ethernet frames that they stand \
        for. In the namespaces `tcp_rmem` and `tcp_wmem` end at 64 MiB, so that plain TCP can fill 100 ms at 1 Gbit/s, \
        and `tcp_no_metrics_save` is 1.

        """
    }

    private var machine: String {
        let versions = results.contenders.filter { !$0.version.isEmpty }.map { "| \($0.title) | \($0.version) |" }
        let facts = results.facts.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }
        return (["## The machine and the programs\n", "| | |", "|---|---|"] + facts + versions).joined(separator: "\n")
            + "\n"
    }
}
