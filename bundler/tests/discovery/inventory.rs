//! What charts bring and want beside images.

use crate::rig::Written;

const OBJECTS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.shop.example.org}
spec:
  group: shop.example.org
  names: {kind: Widget, plural: widgets}
  versions: [{name: v1, served: true}, {name: v1alpha1, served: false}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: tls}
spec: {secretName: tls}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {service: {name: metrics, namespace: kube-system}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {ingressClassName: traefik}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: any}
spec: {}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
    - metadata: {name: log}
      spec: {accessModes: [ReadWriteOnce], storageClassName: slow, resources: {requests: {storage: 1Gi}}}
    - metadata: {name: fixed}
      spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn definitions_classes_and_services_are_told_apart_by_who_brings_and_who_wants_them() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\nkubeVersion: \">= 1.28.0-0\"\n";
    let found = Written::new(&[("shop/Chart.yaml", chart), ("shop/templates/all.yaml", OBJECTS)]).discovered().await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let stock = found.inventory;
    let definition = &stock.definitions[0].what;
    assert_eq!(definition.name, "widgets.shop.example.org");
    assert_eq!(definition.apis.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop.example.org/v1/Widget"]);
    let kinds: Vec<_> = stock.kinds.iter().map(|at| at.what.to_string()).collect();
    assert_eq!(kinds, ["cert-manager.io/v1/Certificate"]);
    assert_eq!(stock.api_services[0].what, "v1beta1.metrics.k8s.io");
    assert_eq!((stock.storage_classes[0].what.name.as_str(), stock.storage_classes[0].what.default), ("fast", true));
    assert_eq!((stock.ingress_classes[0].what.name.as_str(), stock.ingress_classes[0].what.default), ("nginx", false));
    let wanted: Vec<_> = stock.wanted_storage.iter().map(|at| at.what.as_deref()).collect();
    assert_eq!(wanted, [None, Some("slow")]);
    let wanted: Vec<_> = stock.wanted_ingress.iter().map(|at| at.what.as_deref()).collect();
    assert_eq!(wanted, [None, Some("traefik")]);
    assert_eq!((stock.kubernetes[0].range.as_str(), stock.kubernetes[0].holds), (">= 1.28.0-0", Some(true)));
    assert_eq!(stock.kinds[0].origin.to_string(), "shop/templates/all.yaml");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_only_the_site_knows_is_not_looked_for() {
    let component = "apiVersion: airgap/v1\nkind: Component\nname: shop\ncharts:\n  - name: shop\n    path: ./shop\n    \
                     siteValues: [{path: class}, {path: ingress, placeholder: site-ingress}]\n";
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {storageClassName: {{ .Values.class \
                 }}, accessModes: [ReadWriteOnce], resources: {}}\n";
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {ingressClassName: {{ \
                   .Values.ingress }}}\n";
    let files = [("component.yaml", component), ("shop/templates/a.yaml", claim), ("shop/templates/b.yaml", ingress)];
    let inventory = Written::new(&files).discovered().await.inventory;
    assert_eq!((inventory.wanted_storage, inventory.wanted_ingress), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_postgresql_without_a_class_wants_the_default_one() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
    let cluster = |group: &str, spec: &str| {
        format!("apiVersion: {group}/v1\nkind: Cluster\nmetadata: {{name: db}}\nspec:\n  storage: {spec}\n")
    };
    for (group, spec, expected) in [
        ("postgresql.cnpg.io", "{size: 1Gi}", &[None][..]),
        ("postgresql.k8s.enterprisedb.io", "{size: 1Gi, storageClass: null}", &[None]),
        ("postgresql.cnpg.io", "{size: 1Gi, storageClass: fast}", &[Some("fast")]),
        ("postgresql.cnpg.io", "{size: 1Gi, pvcTemplate: {storageClassName: slow}}", &[Some("slow")]),
        ("shop.example.org", "{size: 1Gi}", &[]),
    ] {
        let object = cluster(group, spec);
        let files = [("shop/Chart.yaml", chart), ("shop/templates/db.yaml", &object)];
        let found = Written::new(&files).discovered().await;
        let wanted: Vec<_> = found.inventory.wanted_storage.iter().map(|at| at.what.as_deref()).collect();
        assert_eq!(wanted, expected, "{group} {spec}");
    }
}
