//! Whether objects are ready, by what they say of themselves.

use serde_json::Value;

/// Whether a condition of an object is true.
pub(super) fn holds(object: &Value, condition: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == condition && one["status"] == "True")
}

/// What a workload lacks; nothing if it is ready. Kinds of which nothing is known are.
pub(super) fn lack(kind: &str, object: &Value) -> Option<String> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let number = |field: &str| status[field].as_u64().unwrap_or_default();
    let observed = number("observedGeneration") >= object["metadata"]["generation"].as_u64().unwrap_or_default();
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    // Who takes the old pods away, all of them or those below a partition, is somebody else: the new form is not waited for.
    let strategy = &spec["updateStrategy"];
    let by_hand =
        strategy["type"] == "OnDelete" || strategy["rollingUpdate"]["partition"].as_u64().unwrap_or_default() > 0;
    let rolled_out = |of_newest: u64, up: u64, wanted: u64| {
        let ready = observed && of_newest >= wanted && up >= wanted;
        (!ready).then(|| format!("{} of {wanted} pods are up", up.min(of_newest)))
    };
    match kind {
        "Deployment" => rolled_out(number("updatedReplicas"), number("availableReplicas"), wanted),
        "StatefulSet" => {
            let ready = number("readyReplicas");
            rolled_out(if by_hand { ready } else { number("updatedReplicas") }, ready, wanted)
        }
        "DaemonSet" => {
            let (ready, wanted) = (number("numberAvailable"), number("desiredNumberScheduled"));
            rolled_out(if by_hand { ready } else { number("updatedNumberScheduled") }, ready, wanted)
        }
        "Job" if holds(object, "Failed") => Some("it failed".into()),
        "Job" if holds(object, "Complete") || spec["suspend"] == true => None,
        "Job" => Some("it is not done".into()),
        "PersistentVolumeClaim" if status["phase"] != "Bound" => Some("it is not bound".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_is_ready_when_its_newest_pods_are_up_and_its_last_change_is_seen() {
        let deployment = |seen: u64, newest: u64, up: u64| {
            json!({"metadata": {"generation": 2}, "spec": {"replicas": 2},
                "status": {"observedGeneration": seen, "updatedReplicas": newest, "availableReplicas": up}})
        };
        assert_eq!(lack("Deployment", &deployment(2, 2, 2)), None);
        assert_eq!(lack("Deployment", &deployment(2, 1, 2)).as_deref(), Some("1 of 2 pods are up"));
        assert_eq!(lack("Deployment", &deployment(2, 2, 0)).as_deref(), Some("0 of 2 pods are up"));
        assert!(lack("Deployment", &deployment(1, 2, 2)).is_some(), "an older form is up");
        assert!(lack("Deployment", &json!({})).is_some(), "nothing is known of it yet");
    }

    #[test]
    fn pods_that_somebody_else_takes_away_are_not_waited_for_in_their_new_form() {
        let set = |strategy: serde_json::Value, ready: u64| {
            json!({"spec": {"replicas": 3, "updateStrategy": strategy},
                "status": {"updatedReplicas": 0, "readyReplicas": ready}})
        };
        for strategy in [json!({"type": "OnDelete"}), json!({"rollingUpdate": {"partition": 2}})] {
            assert_eq!(lack("StatefulSet", &set(strategy.clone(), 3)), None);
            assert_eq!(lack("StatefulSet", &set(strategy, 2)).as_deref(), Some("2 of 3 pods are up"));
        }
        assert!(lack("StatefulSet", &set(json!({"type": "RollingUpdate"}), 3)).is_some());
    }

    #[test]
    fn jobs_and_claims_say_what_they_lack() {
        let with = |condition: &str| json!({"status": {"conditions": [{"type": condition, "status": "True"}]}});
        assert_eq!(lack("Job", &with("Complete")), None);
        assert_eq!(lack("Job", &with("Failed")).as_deref(), Some("it failed"));
        assert_eq!(lack("Job", &json!({})).as_deref(), Some("it is not done"));
        assert_eq!(lack("PersistentVolumeClaim", &json!({"status": {"phase": "Bound"}})), None);
        assert!(lack("PersistentVolumeClaim", &json!({"status": {"phase": "Pending"}})).is_some());
    }
}
