import Foundation
import FwdCore
import Testing

@testable import FwdControl
@testable import FwdDaemon
@testable import fwd

/// The document and the code cannot drift apart.
@Suite struct ControlDocumentTests {
    let document: ControlDocument

    init() throws {
        document = try ControlDocument()
    }

    @Test func everyRouteIsDocumentedAndNoOther() {
        #expect(
            document.routes.sorted() == ControlRoute.allCases.map { "\($0.method.rawValue) \($0.template)" }.sorted())
    }

    @Test func everyPathOfTheHealthEndpointIsDocumented() {
        let documented = document.firstColumn.filter { $0.hasPrefix("/") && !$0.contains(".sock") }
        #expect(documented == Set(HealthRoute.allCases.map(\.rawValue)))
    }

    @Test func everyMetricIsDocumentedAndNoOther() throws {
        let example = try #require(document.examples.first { $0.type == "StatusSnapshot" })
        let snapshot = try ControlJSON.decode(StatusSnapshot.self, from: Data(example.json.utf8))
        let lines = Metrics.render(snapshot).split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        let names = lines.map { String($0.split(separator: " ")[2]) }
        #expect(names.count > 10)
        #expect(Set(names) == document.firstColumn.filter { $0.hasPrefix("fwd_") || $0.hasPrefix("process_") })
    }

    @Test func everyExampleIsReadAndWrittenByTheWireTypes() throws {
        let examples = document.examples
        #expect(
            Set(examples.map(\.type)) == [
                "ControlError", "StatusSnapshot", "ReloadReply", "HistoryReply", "RetryReply", "SettledReply",
                "ListEntry", "Readiness", "DoctorReport",
            ])
        for example in examples { try check(example) }
    }

    @Test func everyWordOfAClosedSetIsDocumented() {
        let words =
            GatewayState.allCases.map(\.rawValue) + ForwardState.allCases.map(\.rawValue)
            + Cause.Reason.allCases.map(\.rawValue) + RelayResult.allCases.map(\.rawValue)
            + ReloadReply.Action.allCases.map(\.rawValue) + ForwardSpec.Kind.allCases.map(\.rawValue)
            + PacketDrop.allCases.map(\.rawValue) + DoctorStep.Name.allCases.map(\.rawValue)
            + DoctorStep.Outcome.allCases.map(\.rawValue)
        for word in words { #expect(document.text.contains("`\(word)`"), "\(word)") }
    }

    private func check(_ example: ControlDocument.Example) throws {
        switch example.type {
        case "ControlError": try check(ControlError.self, example)
        case "StatusSnapshot": try check(StatusSnapshot.self, example, isComplete: true)
        case "ReloadReply": try check(ReloadReply.self, example, isComplete: true)
        case "HistoryReply": try check(HistoryReply.self, example, isComplete: true)
        case "RetryReply": try check(RetryReply.self, example, isComplete: true)
        case "SettledReply": try check(SettledReply.self, example)
        case "ListEntry": try check(ListEntry.self, example)
        case "Readiness": try check(Readiness.self, example, isComplete: true)
        case "DoctorReport": try check(DoctorReport.self, example, isComplete: true)
        default: Issue.record("no wire type is called \(example.type)")
        }
    }

    /// - Parameter isComplete: the example shows every field, also those that may be absent.
    private func check<Value: Codable>(
        _ type: Value.Type, _ example: ControlDocument.Example, isComplete: Bool = false
    ) throws {
        let data = Data(example.json.utf8)
        let value = try ControlJSON.decode(type, from: data)
        let written = try JSONSerialization.jsonObject(with: ControlJSON.encode(value))
        let documented = try JSONSerialization.jsonObject(with: data)
        #expect(written as? NSDictionary == documented as? NSDictionary, "\(example.type)")
        let fields = Fields.of(value)
        #expect(!fields.all.isEmpty)
        for field in fields.all { #expect(document.firstColumn.contains(field), "\(example.type).\(field)") }
        if isComplete { #expect(fields.absent == [], "\(example.type)") }
    }
}

/// The names of all properties of a wire value and of what is in it.
struct Fields {
    var all: Set<String> = []
    /// Those that are `nil` wherever they are.
    var absent: Set<String> { all.subtracting(present) }
    private var present: Set<String> = []

    static func of(_ value: Any) -> Fields {
        var fields = Fields()
        fields.collect(value)
        return fields
    }

    private mutating func collect(_ value: Any) {
        // These are one JSON value each.
        if value is Timestamp || value is ControlError.Code { return }
        let mirror = Mirror(reflecting: value)
        for child in mirror.children {
            if mirror.displayStyle == .struct, let label = child.label {
                all.insert(label)
                let optional = Mirror(reflecting: child.value)
                if optional.displayStyle != .optional || !optional.children.isEmpty { present.insert(label) }
            }
            collect(child.value)
        }
    }
}
