/// How log lines look.
public enum LogFormat: String, CaseIterable, Sendable {
    /// For people: `2026-01-02T03:04:05.678Z notice up gateway=amsterdam`; shorter where a terminal or the journal has
    /// the date (`LogPlace`).
    case text
    /// One JSON object a line, with `time`, `level`, `message` and the metadata's keys beside them.
    case json
}
