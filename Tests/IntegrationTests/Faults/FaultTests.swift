import Testing

/// Every fault that a tunnelling machine meets, against the built binary, a real sshd and traffic whose bytes are
/// compared by hash. Times are reported in the table; only generous deadlines are asserted.
@Suite(
    "Faults", .serialized,
    .compactMapIssues { issue in
        FaultFindings.current?.sawIssue()
        return issue
    })
struct FaultTests {
    @Test(
        "the matrix: what is untouched stays whole, the state shown is true, and all comes back",
        arguments: FaultBatch.chosen)
    func rows(_ batch: FaultBatch) async {
        await withDiscardingTaskGroup { group in
            for row in batch.rows { group.addTask { await row.run() } }
        }
    }

    @Test("there are rows, and each has a name of its own")
    func hasRows() {
        #expect(FaultRow.all.count > 20)
        let names = Set(FaultRow.all.map { $0.name })
        #expect(names.count == FaultRow.all.count)
    }
}
