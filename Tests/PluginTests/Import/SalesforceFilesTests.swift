import PluginAPI
import Testing

@testable import Kernel

@Suite("Files of a Salesforce export", .enabled(if: ForeignFiles.areThere, "the sample data is not beside the checkout"))
struct SalesforceFilesTests {
    @Test func `explore`() async throws {
        let room = try await ImportRoom()
        for (file, entity) in [("account", "companies"), ("contact", "customers"), ("lead", "leads"), ("opportunity", "deals")] {
            let record = try await room.upload(ForeignFiles.bytes("salesforce-export/sf_\(file)_data.csv"), "x.csv", entity)
            print("==", file, record.details.plan.columns.map { "\($0.header)→\($0.field)" }, record.details.plan.emptyTexts)
            do {
                let done = try await room.finish(.running, record)
                print(done.counts, done.error ?? "", done.details.faults.map(\.text))
            } catch { print(error) }
        }
        for file in ["John_Doe_ANDROID", "John_Doe_MS_OUTLOOK", "gmail-single2", "outlook-2003", "John_Doe_IPHONE", "fullcontact", "gmail-list"] {
            let record = try await room.upload(ForeignFiles.bytes("vcards/\(file).vcf"), "\(file).vcf", "customers", #"{"unknown_references": "create", "bad_rows": "skip"}"#)
            print("==", file, record.details.plan.columns.map { "\($0.header)→\($0.field)" })
            let done = try await room.finish(.running, record)
            print(done.counts, done.error ?? "", done.details.faults.map(\.text))
        }
    }
}
