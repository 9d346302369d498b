//! What Ballista cannot write of our plans by itself: our functions.

use std::sync::Arc;

use ballista_core::serde::{BallistaCodec, BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion::common::{Result, plan_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use weir_engine::{function_bytes, function_of_bytes};

/// Ballista's own nodes as Ballista writes them, and our functions as the engine does.
#[derive(Debug, Default)]
pub struct Codec {
    nodes: BallistaPhysicalExtensionCodec,
}

impl Codec {
    /// For a scheduler or a worker.
    pub fn ballista() -> BallistaCodec {
        BallistaCodec::new(Arc::new(BallistaLogicalExtensionCodec::default()), Arc::new(Codec::default()))
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.nodes.try_decode(bytes, inputs, context, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        self.nodes.try_encode(node, bytes, converter)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        match bytes {
            [] => plan_err!("no function is called {name}"),
            bytes => function_of_bytes(bytes).map(Arc::new),
        }
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        if let Some(written) = function_bytes(function) {
            bytes.extend(written?);
        }
        // DataFusion's own are found by name.
        Ok(())
    }
}
